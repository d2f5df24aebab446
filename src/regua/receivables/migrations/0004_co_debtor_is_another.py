"""Checked without keeping anybody from writing to the contracts."""

import django.contrib.postgres.operations as postgres
from django.db import migrations, models
from django.db.models import F, Q

IS_ANOTHER = models.CheckConstraint(
    condition=Q(co_debtor=None) | ~Q(co_debtor=F("customer")),
    name="contract_co_debtor_is_another",
)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("receivables", "0003_co_debtor_and_told_by_bureau")]
    operations = [
        postgres.AddConstraintNotValid(model_name="contract", constraint=IS_ANOTHER),
        postgres.ValidateConstraint(model_name="contract", name=IS_ANOTHER.name),
    ]
