"""Serve the lists of leads and prospects, and finding one by document, from indexes."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


def _indexes(model: str) -> list[AddIndexConcurrently]:
    by_name = ["search_name", "id"]
    return [
        AddIndexConcurrently(model, models.Index(fields=fields, name=name, condition=condition))
        for fields, name, condition in (
            (["document"], f"{model}_document", ~Q(document="")),
            (by_name, f"{model}_open_by_name", Q(converted_at=None)),
            (by_name, f"{model}_converted_by_name", Q(converted_at__isnull=False)),
        )
    ]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("parties", "0003_conversion")]
    operations = [*_indexes("lead"), *_indexes("prospect")]
