from django.contrib.postgres import operations as postgres
from django.db import migrations, models
from django.db.models import Q

WITHDRAWN = Q(withdrawn_at=None, withdrawn_by=None) | Q(
    withdrawn_at__isnull=False, withdrawn_by__isnull=False
)
GUARDS = [
    (
        "evidence",
        models.CheckConstraint(
            condition=~Q(kind__in=["overdue_notice", "rescission_proof"])
            | Q(dated_on__isnull=False),
            name="evidence_dated",
        ),
    ),
    ("evidence", models.CheckConstraint(condition=WITHDRAWN, name="evidence_withdrawn_by")),
    ("ruleoverride", models.CheckConstraint(condition=WITHDRAWN, name="override_withdrawn_by")),
    (
        "noticeterm",
        models.CheckConstraint(
            condition=~Q(source=""),
            name="notice_term_source",
            violation_error_message="Diga de onde vem o prazo: a lei ou o birô.",
        ),
    ),
]


class Migration(migrations.Migration):
    """Checks, added without looking at the rows and then validated without locking them."""

    atomic = False
    dependencies = [("compliance", "0001_initial")]
    operations = [
        *(postgres.AddConstraintNotValid(model_name=m, constraint=c) for m, c in GUARDS),
        *(postgres.ValidateConstraint(model_name=m, name=c.name) for m, c in GUARDS),
    ]
