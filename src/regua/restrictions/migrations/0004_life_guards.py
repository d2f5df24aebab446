"""Checks and indexes on the big table, without keeping anybody from writing to it."""

import django.contrib.postgres.operations as postgres
from django.db import migrations, models
from django.db.models import F, Q

LIVE = ("draft", "queued", "sent", "notified", "active", "removal_queued", "removal_sent")
ONE_LIVE = models.UniqueConstraint(
    fields=["receivable", "provider"],
    condition=Q(status__in=LIVE) & (Q(replaces__isnull=True) | ~Q(status="draft")),
    name="restriction_one_live",
)
ONE_REPLACEMENT = models.UniqueConstraint(
    fields=["replaces"],
    condition=Q(status="draft", replaces__isnull=False),
    name="restriction_one_replacement",
)
ADDS_UP = models.CheckConstraint(
    condition=Q(fine__gte=0, interest__gte=0) & Q(amount__gt=F("fine") + F("interest")),
    name="restriction_amount_adds_up",
)
FOUR_EYES = models.CheckConstraint(
    condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("requested_by")),
    name="restriction_four_eyes",
)
QUOTED = ", ".join(f"'{status}'" for status in LIVE)


def checked(constraint: models.CheckConstraint) -> list[migrations.operations.base.Operation]:
    return [
        postgres.AddConstraintNotValid(model_name="restriction", constraint=constraint),
        postgres.ValidateConstraint(model_name="restriction", name=constraint.name),
    ]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("restrictions", "0003_life_and_duties")]
    operations = [
        *checked(ADDS_UP),
        # The sum's check says it too.
        migrations.RemoveConstraint(model_name="restriction", name="restriction_amount_positive"),
        *checked(FOUR_EYES),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                # The new one stands before the old one goes: at no moment may a debt be listed
                # twice.
                migrations.RunSQL(
                    "CREATE UNIQUE INDEX CONCURRENTLY restriction_one_live_now "
                    "ON restrictions_restriction (receivable_id, provider) "
                    f"WHERE status IN ({QUOTED}) "
                    "AND (replaces_id IS NULL OR status <> 'draft')",
                    "CREATE UNIQUE INDEX CONCURRENTLY restriction_one_live "
                    "ON restrictions_restriction (receivable_id, provider) "
                    f"WHERE status IN ({QUOTED})",
                ),
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY restriction_one_live",
                    "DROP INDEX CONCURRENTLY restriction_one_live_now",
                ),
                migrations.RunSQL(
                    "ALTER INDEX restriction_one_live_now RENAME TO restriction_one_live",
                    "ALTER INDEX restriction_one_live RENAME TO restriction_one_live_now",
                ),
                migrations.RunSQL(
                    "CREATE UNIQUE INDEX CONCURRENTLY restriction_one_replacement "
                    "ON restrictions_restriction (replaces_id) "
                    "WHERE status = 'draft' AND replaces_id IS NOT NULL",
                    "DROP INDEX CONCURRENTLY restriction_one_replacement",
                ),
            ],
            state_operations=[
                migrations.RemoveConstraint(model_name="restriction", name="restriction_one_live"),
                migrations.AddConstraint(model_name="restriction", constraint=ONE_LIVE),
                migrations.AddConstraint(model_name="restriction", constraint=ONE_REPLACEMENT),
            ],
        ),
    ]
