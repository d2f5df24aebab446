"""What waits for approval is counted on every page of who may approve: few rows of a big table."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("restrictions", "0006_totals_counted")]
    operations = [
        AddIndexConcurrently(
            model_name="restriction",
            index=models.Index(
                fields=["branch", "id"],
                name="restriction_awaiting",
                condition=Q(status="draft", replaces=None),
            ),
        ),
    ]
