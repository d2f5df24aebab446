"""Two indexes less to write at every call; ``call_by_integration`` serves the one key too.

An ``AlterField`` would drop the foreign keys and check every row again to make them anew.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def _drop(apps, schema_editor):  # type: ignore[no-untyped-def]
    """Drop the indexes that Django made for the keys themselves."""
    call = apps.get_model("integrations", "BureauCall")
    for column in ("actor_id", "integration_id"):
        for index in schema_editor._constraint_names(call, [column], index=True):
            schema_editor.execute(f"DROP INDEX CONCURRENTLY {schema_editor.quote_name(index)}")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("integrations", "0002_catalogue_history"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(_drop, migrations.RunPython.noop)],
            state_operations=[
                migrations.AlterField(
                    "bureaucall",
                    "integration",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
                        to="integrations.integration",
                    ),
                ),
                migrations.AlterField(
                    "bureaucall",
                    "actor",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        )
    ]
