"""Corrections wait for approval, too: the index of what waits knows it by its reason."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("restrictions", "0015_correction_kind")]
    operations = [
        AddIndexConcurrently(
            model_name="restriction",
            index=models.Index(
                fields=["branch", "id"],
                name="restriction_to_approve",
                condition=Q(status="draft", approved_at=None) & ~Q(approval_reason=""),
            ),
        ),
        RemoveIndexConcurrently(model_name="restriction", name="restriction_awaiting"),
    ]
