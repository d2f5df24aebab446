"""The rate limit of each integration, and the row its workers share to keep it.

The row is rewritten at every call and read by its key alone: room in its page keeps that cheap.
"""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("integrations", "0003_leaner_call_log")]
    operations = [
        migrations.AddField(
            "integration",
            "calls_per_second",
            models.PositiveSmallIntegerField(
                db_default=10,
                default=10,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(1000),
                ],
                verbose_name="limite de chamadas por segundo",
            ),
        ),
        migrations.AddConstraint(
            "integration",
            models.CheckConstraint(
                condition=Q(calls_per_second__range=(1, 1000)), name="integration_calls_per_second"
            ),
        ),
        migrations.CreateModel(
            name="Throttle",
            fields=[
                (
                    "integration",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="integrations.integration",
                    ),
                ),
                (
                    "next_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("hold_until", models.DateTimeField(null=True)),
                ("failures", models.PositiveIntegerField(db_default=0, default=0)),
                ("failing_since", models.DateTimeField(null=True)),
                ("openings", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("open_until", models.DateTimeField(null=True)),
            ],
            options={"verbose_name": "ritmo das chamadas"},
        ),
        migrations.RunSQL(
            "ALTER TABLE integrations_throttle SET (fillfactor = 20, autovacuum_vacuum_threshold = 200,"
            " autovacuum_vacuum_scale_factor = 0, autovacuum_analyze_threshold = 100000)",
            migrations.RunSQL.noop,
        ),
    ]
