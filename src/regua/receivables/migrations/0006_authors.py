"""Who wrote a contract's dates and who cancelled a receivable; kept for good."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION receivables_keep_authors() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'who changed what is append-only'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'author_append_only';
END $$;
CREATE TRIGGER author_append_only BEFORE UPDATE OR DELETE ON receivables_contractdateschange
    FOR EACH ROW EXECUTE FUNCTION receivables_keep_authors();
CREATE TRIGGER cancellation_append_only BEFORE UPDATE OR DELETE
    ON receivables_receivablecancellation
    FOR EACH ROW EXECUTE FUNCTION receivables_keep_authors();
"""

BACKWARD = """
DROP TRIGGER cancellation_append_only ON receivables_receivablecancellation;
DROP TRIGGER author_append_only ON receivables_contractdateschange;
DROP FUNCTION receivables_keep_authors();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("receivables", "0005_receivable_owed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ContractDatesChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("suspended_before", models.DateField(null=True)),
                ("suspended_on", models.DateField(null=True, verbose_name="suspensão")),
                ("ended_before", models.DateField(null=True)),
                ("ended_on", models.DateField(null=True, verbose_name="rescisão")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "actor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dates_changes",
                        to="receivables.contract",
                    ),
                ),
            ],
            options={
                "verbose_name": "mudança de datas do contrato",
                "verbose_name_plural": "mudanças de datas de contratos",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ReceivableCancellation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2, max_digits=14, verbose_name="valor cancelado"
                    ),
                ),
                ("reason", models.TextField(verbose_name="por quê")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "actor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "receivable",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cancellations",
                        to="receivables.receivable",
                    ),
                ),
            ],
            options={
                "verbose_name": "cancelamento de título",
                "verbose_name_plural": "cancelamentos de títulos",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(amount__gt=0) & ~models.Q(reason=""),
                        name="cancellation_says_what_and_why",
                    )
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
