"""Fewer indexes to write at each step of an inquiry; the ones that remain serve the same keys.

An ``AlterField`` would drop the foreign keys and check every row again to make them anew.
"""

import django.contrib.postgres.operations as postgres
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

INTO = {
    "branch": "organization.branch",
    "customer": "parties.customer",
    "integration": "integrations.integration",
    "lead": "parties.lead",
    "prospect": "parties.prospect",
    "requested_by": settings.AUTH_USER_MODEL,
}
NULL = ("customer", "lead", "prospect")
NAMED = {"branch": "filial", "integration": "integração"}


def _drop(apps, schema_editor):  # type: ignore[no-untyped-def]
    """Drop the indexes that Django made for the keys themselves."""
    inquiry = apps.get_model("inquiries", "Inquiry")
    for name in INTO:
        for index in schema_editor._constraint_names(inquiry, [f"{name}_id"], index=True):
            if index.startswith("inquiries_inquiry_"):
                schema_editor.execute(f"DROP INDEX CONCURRENTLY {schema_editor.quote_name(index)}")


def _without_index(name: str) -> migrations.AlterField:
    more = {"verbose_name": NAMED[name]} if name in NAMED else {}
    if name in NULL:
        more["null"] = True
    return migrations.AlterField(
        "inquiry",
        name,
        models.ForeignKey(
            db_index=False,
            on_delete=django.db.models.deletion.PROTECT,
            related_name="inquiries" if name in NULL else "+",
            to=INTO[name],
            **more,
        ),
    )


def _of(name: str, *after: str) -> postgres.AddIndexConcurrently:
    return postgres.AddIndexConcurrently(
        "inquiry",
        models.Index(
            fields=[name, *after],
            name=f"inquiry_of_{name}",
            condition=Q(**{f"{name}__isnull": False}),
        ),
    )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("inquiries", "0005_totals_and_history"),
        ("integrations", "0002_catalogue_history"),
        ("organization", "0002_general_parameters"),
        ("parties", "0004_potential_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        _of("customer", "-requested_at", "-id"),
        _of("lead"),
        _of("prospect"),
        postgres.RemoveIndexConcurrently("inquiry", "inquiry_by_customer"),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(_drop, migrations.RunPython.noop)],
            state_operations=[_without_index(name) for name in INTO],
        ),
    ]
