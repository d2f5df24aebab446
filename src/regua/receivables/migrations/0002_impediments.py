import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("receivables", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="contract",
            name="suspended_on",
            field=models.DateField(blank=True, null=True, verbose_name="suspensão"),
        ),
        migrations.CreateModel(
            name="Impediment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("contest", "Contestação do cliente"),
                            ("court_order", "Ordem judicial"),
                        ],
                        max_length=12,
                        verbose_name="tipo",
                    ),
                ),
                ("told_on", models.DateField(verbose_name="recebida em")),
                ("text", models.TextField(verbose_name="o que foi dito")),
                (
                    "opened_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("upheld", "Procedente: a cobrança estava errada"),
                            ("rejected", "Improcedente: a cobrança está certa"),
                            ("lifted", "Ordem revogada"),
                        ],
                        max_length=10,
                        verbose_name="decisão",
                    ),
                ),
                ("decision", models.TextField(blank=True, verbose_name="por quê")),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "opened_by",
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
                        related_name="impediments",
                        to="receivables.receivable",
                    ),
                ),
            ],
            options={
                "verbose_name": "impedimento",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at", None)),
                        fields=("receivable", "kind"),
                        name="impediment_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["contest", "court_order"])),
                        name="impediment_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("closed_by", None), ("outcome", "")),
                            models.Q(
                                ("closed_at__isnull", False),
                                ("closed_by__isnull", False),
                                models.Q(("outcome", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="impediment_closed_with_outcome",
                    ),
                ],
            },
        ),
    ]
