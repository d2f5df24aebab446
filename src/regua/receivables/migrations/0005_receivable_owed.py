"""Finding a branch's owed debts customer by customer, as the régua goes through them."""

import django.contrib.postgres.operations as postgres
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("receivables", "0004_co_debtor_is_another")]
    operations = [
        postgres.AddIndexConcurrently(
            model_name="receivable",
            index=models.Index(
                condition=models.Q(("status__in", ["open", "partial"])),
                fields=["branch", "customer", "due_date"],
                name="receivable_owed",
            ),
        ),
    ]
