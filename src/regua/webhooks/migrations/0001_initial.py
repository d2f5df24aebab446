import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("organization", "0006_branch_address"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="EventSource",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("cursor", models.BigIntegerField(null=True)),
                ("horizon", models.BigIntegerField(null=True)),
                ("holders", models.JSONField(default=list)),
            ],
            options={
                "verbose_name": "fonte de acontecimentos",
                "verbose_name_plural": "fontes de acontecimentos",
            },
        ),
        migrations.CreateModel(
            name="EventWatch",
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
                            ("inquiry", "consulta"),
                            ("duty", "prazo de baixa"),
                            ("run", "execução"),
                        ],
                        max_length=10,
                    ),
                ),
                ("row_id", models.BigIntegerField()),
            ],
            options={
                "verbose_name": "acontecimento esperado",
                "verbose_name_plural": "acontecimentos esperados",
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "row_id"), name="event_watch_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="nome")),
                ("url", models.URLField(max_length=300, verbose_name="endereço")),
                ("events", models.JSONField(verbose_name="acontecimentos")),
                ("secret_sealed", models.TextField(blank=True, editable=False)),
                ("previous_sealed", models.TextField(blank=True, db_default="", editable=False)),
                ("previous_until", models.DateTimeField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("disabled_at", models.DateTimeField(null=True)),
                (
                    "disabled_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("person", "Desativado por uma pessoa"),
                            ("gone", "O destino respondeu que não existe mais (410)"),
                            ("failing", "Dias seguidos sem nenhuma entrega"),
                        ],
                        db_default="",
                        max_length=10,
                    ),
                ),
                ("noticed_at", models.DateTimeField(null=True)),
                ("failures", models.PositiveIntegerField(db_default=0, default=0)),
                ("failing_since", models.DateTimeField(null=True)),
                ("hold_until", models.DateTimeField(null=True)),
                (
                    "branch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organization.branch",
                        verbose_name="filial",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "disabled_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "webhook",
                "ordering": ["name", "id"],
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("event_id", models.CharField(max_length=60, verbose_name="acontecimento")),
                ("type", models.CharField(max_length=40, verbose_name="tipo")),
                ("payload", models.JSONField()),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Na fila"),
                            ("delivered", "Entregue"),
                            ("failed", "Não entregue"),
                        ],
                        db_default="pending",
                        max_length=10,
                        verbose_name="situação",
                    ),
                ),
                (
                    "due_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), null=True
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("attempted_at", models.DateTimeField(null=True)),
                ("delivered_at", models.DateTimeField(null=True)),
                ("duration_ms", models.PositiveIntegerField(null=True)),
                ("http_status", models.PositiveSmallIntegerField(null=True)),
                ("error", models.TextField(blank=True, db_default="")),
                ("answer", models.TextField(blank=True, db_default="")),
                (
                    "asked_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "replays",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="webhooks.webhookdelivery",
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="webhooks.webhookendpoint",
                    ),
                ),
            ],
            options={
                "verbose_name": "entrega",
                "ordering": ["-id"],
            },
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("disabled_at", None), ("disabled_reason", "")),
                    models.Q(
                        ("disabled_at__isnull", False),
                        models.Q(("disabled_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="webhook_disabled_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("previous_sealed", ""), ("previous_until", None)),
                    models.Q(
                        models.Q(("previous_sealed", ""), _negated=True),
                        ("previous_until__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="webhook_previous_ends",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)),
                fields=["endpoint", "due_at", "id"],
                name="webhook_due",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(fields=["endpoint", "-id"], name="webhook_log"),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("status", "failed")),
                fields=["endpoint", "-id"],
                name="webhook_failed",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(("replays", None)),
                fields=("endpoint", "event_id"),
                name="webhook_event_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("due_at__isnull", False), ("status", "pending")),
                    models.Q(models.Q(("status", "pending"), _negated=True), ("due_at", None)),
                    _connector="OR",
                ),
                name="webhook_pending_is_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["pending", "delivered", "failed"])),
                name="webhook_status_known",
            ),
        ),
    ]
