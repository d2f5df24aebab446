from decimal import Decimal

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organization", "0002_general_parameters"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Holiday",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="dia")),
                ("name", models.CharField(max_length=80, verbose_name="nome")),
                ("state", models.CharField(max_length=2, verbose_name="UF")),
                ("city", models.CharField(blank=True, max_length=60, verbose_name="município")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={
                "verbose_name": "feriado",
                "ordering": ["day", "id"],
            },
        ),
        migrations.AddField(
            model_name="branch",
            name="city",
            field=models.CharField(
                blank=True, db_default="", max_length=60, verbose_name="município"
            ),
        ),
        migrations.AddField(
            model_name="branch",
            name="state",
            field=models.CharField(blank=True, db_default="", max_length=2, verbose_name="UF"),
        ),
        migrations.AddField(
            model_name="generalparameters",
            name="amount_updated",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="negativar o valor com multa e juros"
            ),
        ),
        migrations.AddField(
            model_name="generalparameters",
            name="approval_amount",
            field=models.DecimalField(
                decimal_places=2,
                max_digits=14,
                null=True,
                verbose_name="valor acima do qual outra pessoa aprova",
            ),
        ),
        migrations.AddField(
            model_name="generalparameters",
            name="approval_batch",
            field=models.PositiveIntegerField(
                null=True, verbose_name="quantidade de uma vez acima da qual outra pessoa aprova"
            ),
        ),
        migrations.AddField(
            model_name="generalparameters",
            name="fine_percent",
            field=models.DecimalField(
                db_default=Decimal("2.00"),
                decimal_places=2,
                default=Decimal("2.00"),
                max_digits=4,
                verbose_name="multa por atraso (%)",
            ),
        ),
        migrations.AddField(
            model_name="generalparameters",
            name="interest_percent",
            field=models.DecimalField(
                db_default=Decimal("1.00"),
                decimal_places=2,
                default=Decimal("1.00"),
                max_digits=4,
                verbose_name="juros ao mês (%)",
            ),
        ),
        migrations.AddField(
            model_name="generalparameters",
            name="listing_max_amount",
            field=models.DecimalField(
                decimal_places=2,
                max_digits=14,
                null=True,
                verbose_name="valor máximo para negativar",
            ),
        ),
        migrations.AddField(
            model_name="generalparameters",
            name="listing_min_amount",
            field=models.DecimalField(
                db_default=Decimal("10.00"),
                decimal_places=2,
                default=Decimal("10.00"),
                max_digits=14,
                verbose_name="valor mínimo para negativar",
            ),
        ),
        migrations.AddField(
            model_name="generalparameters",
            name="listing_min_days",
            field=models.PositiveSmallIntegerField(
                db_default=5, default=5, verbose_name="dias mínimos de atraso para negativar"
            ),
        ),
        migrations.AddField(
            model_name="generalparameters",
            name="require_debt_document",
            field=models.BooleanField(
                db_default=False,
                default=False,
                verbose_name="exigir o documento da dívida para negativar",
            ),
        ),
        migrations.AddField(
            model_name="generalparameters",
            name="telecom_profile",
            field=models.BooleanField(
                db_default=True,
                default=True,
                verbose_name="exigir as regras da Anatel nas dívidas de telecomunicações",
            ),
        ),
        migrations.AddConstraint(
            model_name="generalparameters",
            constraint=models.CheckConstraint(
                condition=models.Q(("fine_percent__gte", 0), ("fine_percent__lte", 2)),
                name="general_parameters_fine",
            ),
        ),
        migrations.AddConstraint(
            model_name="generalparameters",
            constraint=models.CheckConstraint(
                condition=models.Q(("interest_percent__gte", 0), ("interest_percent__lte", 1)),
                name="general_parameters_interest",
            ),
        ),
        migrations.AddField(
            model_name="holiday",
            name="created_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="holiday",
            constraint=models.UniqueConstraint(
                fields=("state", "city", "day"), name="holiday_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="holiday",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", ""), _negated=True), models.Q(("name", ""), _negated=True)
                ),
                name="holiday_named",
            ),
        ),
    ]
