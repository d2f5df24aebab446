"""Two indexes less to write with every receivable: ``receivable_once`` begins with the branch,
``receivable_by_customer`` with the customer.

An ``AlterField`` would drop the foreign keys and check every row again to make them anew.
"""

import django.db.models.deletion
from django.db import migrations, models


def _drop(apps, schema_editor):  # type: ignore[no-untyped-def]
    """Drop the indexes that Django made for the keys themselves."""
    receivable = apps.get_model("receivables", "Receivable")
    for column in ("branch_id", "customer_id"):
        for index in schema_editor._constraint_names(receivable, [column], index=True):
            schema_editor.execute(f"DROP INDEX CONCURRENTLY {schema_editor.quote_name(index)}")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("receivables", "0008_external_id_once")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(_drop, migrations.RunPython.noop)],
            state_operations=[
                migrations.AlterField(
                    "receivable",
                    "branch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                        verbose_name="filial",
                    ),
                ),
                migrations.AlterField(
                    "receivable",
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receivables",
                        to="parties.customer",
                    ),
                ),
            ],
        )
    ]
