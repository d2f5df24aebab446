"""Count the restrictions there were before the triggers of ``0005``; index what is sought, only.

Nobody is kept from writing meanwhile. (An ``AlterField`` would drop the foreign keys and check every
row again to make them anew.) The count and the moves that it makes needless are of one
snapshot; what commits later is told by its moves.
"""

import django.contrib.postgres.operations as postgres
import django.db.models.deletion
from django.conf import settings
from django.db import connection, migrations, models, transaction
from django.db.models import Q

COUNT = """
INSERT INTO restrictions_restrictiontotal
    (about, day, monthly, branch_id, integration_id, requested_by_id, form, status, removal_reason,
     count, amount, first_id, last_id)
SELECT dated.about, date_trunc(span.unit, dated.day)::date, span.unit = 'month', branch_id,
    integration_id, requested_by_id, form, status, removal_reason,
    sum(count), sum(amount), min(first_id), max(last_id)
FROM (
    SELECT branch_id, integration_id, requested_by_id, form, status, removal_reason,
        restrictions_day(requested_at) AS requested, restrictions_day(sent_at) AS sent,
        visible_on AS visible, removed_on AS removed,
        count(*) AS count, sum(amount) AS amount, min(id) AS first_id, max(id) AS last_id
    FROM restrictions_restriction GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
) alike
CROSS JOIN LATERAL (VALUES ('requested', requested), ('sent', sent), ('visible', visible),
                           ('removed', removed)) dated(about, day)
CROSS JOIN (VALUES ('day'), ('month')) span(unit)
WHERE dated.day IS NOT NULL
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
ORDER BY 1, 3, 2
"""

KEYS: dict[str, tuple[str, dict[str, object]]] = {
    "integration": ("integrations.integration", {"related_name": "+"}),
    "branch": ("organization.branch", {"related_name": "+", "verbose_name": "filial"}),
    "customer": ("parties.customer", {"related_name": "restrictions"}),
    "removal_requested_by": (settings.AUTH_USER_MODEL, {"related_name": "+", "null": True}),
}


def count(apps, schema_editor):  # type: ignore[no-untyped-def]  # noqa: ARG001
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("DELETE FROM restrictions_restrictionmove")
        cursor.execute("DELETE FROM restrictions_restrictiontotal")
        cursor.execute(COUNT)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE restrictions_restrictiontotal")


def _drop(apps, schema_editor):  # type: ignore[no-untyped-def]
    """Drop the indexes that Django made for the keys themselves."""
    restriction = apps.get_model("restrictions", "Restriction")
    for column in (*(f"{key}_id" for key in KEYS), "provider"):
        for index in schema_editor._constraint_names(restriction, [column], index=True):
            if index.startswith("restrictions_restriction_"):
                schema_editor.execute(f"DROP INDEX CONCURRENTLY {schema_editor.quote_name(index)}")


def _without_index(name: str) -> migrations.AlterField:
    into, more = KEYS[name]
    field = models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.PROTECT, to=into, **more
    )
    return migrations.AlterField("restriction", name, field)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("restrictions", "0005_totals")]
    operations = [
        migrations.RunPython(count, migrations.RunPython.noop),
        postgres.AddIndexConcurrently(
            "restriction",
            models.Index(
                fields=["removed_on"],
                name="restriction_removed",
                condition=Q(removed_on__isnull=False),
            ),
        ),
        postgres.AddIndexConcurrently(
            "restriction", models.Index(fields=["amount"], name="restriction_by_amount")
        ),
        postgres.AddIndexConcurrently(
            "restriction",
            models.Index(
                fields=["removal_reason"],
                name="restriction_by_reason",
                condition=~Q(removal_reason=""),
            ),
        ),
        postgres.AddIndexConcurrently(
            "restriction",
            models.Index(
                fields=["-id"],
                name="restriction_unsettled",
                condition=Q(unknown=True, attempts__gt=0) & ~Q(problem=""),
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(_drop, migrations.RunPython.noop)],
            state_operations=[
                *(_without_index(name) for name in KEYS),
                migrations.AlterField(
                    "restriction",
                    "provider",
                    models.SlugField("intermediador", db_index=False, max_length=40),
                ),
            ],
        ),
    ]
