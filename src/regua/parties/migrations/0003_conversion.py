"""A lead becomes a prospect, a prospect a customer; without keeping anybody from writing."""

import django.contrib.postgres.operations as postgres
import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


def _became(
    model: str, name: str, into: str, related: str
) -> list[migrations.operations.base.Operation]:
    """The link, its instant, and both or neither."""
    both = models.CheckConstraint(
        condition=Q(**{name: None}, converted_at=None)
        | Q(**{f"{name}__isnull": False}, converted_at__isnull=False),
        name=f"{model}_converted_into",
    )
    link = models.ForeignKey(
        db_index=False,
        blank=True,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related,
        to=into,
    )
    index = models.Index(
        fields=[name], name=f"{model}_by_{name}", condition=Q(**{f"{name}__isnull": False})
    )
    return [
        migrations.AddField(model, name, link),
        migrations.AddField(model, "converted_at", models.DateTimeField(blank=True, null=True)),
        postgres.AddConstraintNotValid(model_name=model, constraint=both),
        postgres.ValidateConstraint(model_name=model, name=both.name),
        postgres.AddIndexConcurrently(model_name=model, index=index),
    ]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("parties", "0002_document_reveal")]
    operations = [
        *_became("prospect", "customer", "parties.customer", "prospects"),
        *_became("lead", "prospect", "parties.prospect", "leads"),
    ]
