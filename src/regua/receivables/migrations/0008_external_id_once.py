"""Each once, where there is one; built without keeping anybody from writing."""

from django.db import migrations, models
from django.db.models import Q

OWNERS = {"contract": "customer", "receivable": "branch", "payment": "receivable"}


def _once(model: str, owner: str) -> migrations.SeparateDatabaseAndState:
    name = f"{model}_external_id_once"
    constraint = models.UniqueConstraint(
        fields=[owner, "external_id"], condition=Q(external_id__isnull=False), name=name
    )
    return migrations.SeparateDatabaseAndState(
        # Django would build it while nobody may write.
        database_operations=[
            migrations.RunSQL(
                f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON receivables_{model} "
                f"({owner}_id, external_id) WHERE external_id IS NOT NULL",
                f"DROP INDEX CONCURRENTLY {name}",
            )
        ],
        state_operations=[migrations.AddConstraint(model_name=model, constraint=constraint)],
    )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("receivables", "0007_external_id")]
    operations = [_once(model, owner) for model, owner in OWNERS.items()]
