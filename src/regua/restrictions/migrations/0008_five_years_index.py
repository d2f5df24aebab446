"""Finding the listings whose five years end without looking at all the others."""

import django.contrib.postgres.operations as postgres
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("restrictions", "0007_awaiting_approval")]
    operations = [
        postgres.AddIndexConcurrently(
            model_name="restriction",
            index=models.Index(
                condition=models.Q(("status__in", ("sent", "notified", "active"))),
                fields=["due_date"],
                name="restriction_five_years",
            ),
        ),
    ]
