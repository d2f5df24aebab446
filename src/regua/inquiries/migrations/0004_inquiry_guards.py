"""Indexes and checks on the big table, without keeping anybody from writing to it."""

import django.contrib.postgres.operations as postgres
from django.db import migrations, models

ANSWERED_IS_COMPLETE = models.CheckConstraint(
    condition=~models.Q(status="answered")
    | (
        models.Q(answered_at__isnull=False)
        & (~models.Q(report_sealed="") | models.Q(report_erased_at__isnull=False))
        & ~models.Q(protocol="")
    ),
    name="inquiry_answered_is_complete",
)
OUTCOME = models.CheckConstraint(
    condition=models.Q(outcome="")
    | models.Q(outcome__in=["approve", "conditions", "review", "deny"], status="answered"),
    name="inquiry_outcome",
)
REPEAT_HAS_REASON = models.CheckConstraint(
    condition=models.Q(repeats=None) | ~models.Q(repeat_reason=""),
    name="inquiry_repeat_has_reason",
)
ASKED_ONCE = models.UniqueConstraint(
    fields=["integration", "document", "product_code"],
    condition=models.Q(status__in=["queued", "sent"]),
    name="inquiry_asked_once",
)


def checked(constraint: models.CheckConstraint) -> list[migrations.operations.base.Operation]:
    return [
        postgres.AddConstraintNotValid(model_name="inquiry", constraint=constraint),
        postgres.ValidateConstraint(model_name="inquiry", name=constraint.name),
    ]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("inquiries", "0003_policy_and_budget")]
    operations = [
        *checked(ANSWERED_IS_COMPLETE),
        *checked(OUTCOME),
        *checked(REPEAT_HAS_REASON),
        migrations.RemoveConstraint(model_name="inquiry", name="inquiry_answered_is_whole"),
        postgres.AddIndexConcurrently(
            model_name="inquiry",
            index=models.Index(
                fields=["requested_by", "-requested_at", "-id"], name="inquiry_by_person"
            ),
        ),
        postgres.AddIndexConcurrently(
            model_name="inquiry",
            index=models.Index(
                fields=["answered_at"],
                name="inquiry_report_kept",
                condition=models.Q(report_erased_at=None, status="answered"),
            ),
        ),
        migrations.SeparateDatabaseAndState(
            # Django would build it while nobody may write.
            database_operations=[
                migrations.RunSQL(
                    "CREATE UNIQUE INDEX CONCURRENTLY inquiry_asked_once ON inquiries_inquiry "
                    "(integration_id, document, product_code) WHERE status IN ('queued', 'sent')",
                    "DROP INDEX CONCURRENTLY inquiry_asked_once",
                )
            ],
            state_operations=[
                migrations.AddConstraint(model_name="inquiry", constraint=ASKED_ONCE)
            ],
        ),
    ]
