from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("organization", "0004_holiday_removal")]

    operations = [
        migrations.AddField(
            model_name="parameterchange",
            name="reason",
            field=models.TextField(blank=True, db_default="", verbose_name="por quê"),
        ),
        # One row: there is nothing to lock for long.
        migrations.AddConstraint(
            model_name="generalparameters",
            constraint=models.CheckConstraint(
                condition=Q(listing_min_amount__gte=0)
                & (Q(listing_max_amount=None) | Q(listing_max_amount__gte=F("listing_min_amount"))),
                name="general_parameters_amounts",
            ),
        ),
    ]
