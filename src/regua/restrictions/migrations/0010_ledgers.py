"""The webhook inbox, the state of the sync, and the comparison of ledgers."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0003_leaner_call_log"),
        ("receivables", "0002_impediments"),
        ("restrictions", "0008_five_years_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Reconciliation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Na fila"),
                            ("reading", "Lendo o birô"),
                            ("done", "Concluída"),
                            ("failed", "Não concluída"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                (
                    "asked_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("started_at", models.DateTimeField(null=True)),
                ("touched_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("cursor", models.TextField(blank=True)),
                ("read_out", models.BooleanField(default=False)),
                ("read", models.PositiveIntegerField(default=0)),
                ("ours", models.PositiveIntegerField(default=0)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("problem", models.TextField(blank=True)),
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
                    "integration",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="integrations.integration",
                    ),
                ),
            ],
            options={
                "verbose_name": "conciliação",
                "verbose_name_plural": "conciliações",
            },
        ),
        migrations.CreateModel(
            name="LedgerLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("protocol", models.CharField(max_length=60)),
                ("reference", models.UUIDField(null=True)),
                ("document", models.CharField(max_length=20)),
                ("contract", models.TextField()),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("due_date", models.DateField()),
                ("status", models.CharField(max_length=20)),
                ("version", models.BigIntegerField()),
                (
                    "receivable",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="receivables.receivable",
                    ),
                ),
                (
                    "restriction",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="restrictions.restriction",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="restrictions.reconciliation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Difference",
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
                            ("only_theirs", "Só no birô"),
                            ("only_ours", "Só aqui"),
                            ("status", "Situação diferente"),
                            ("amount", "Valor diferente"),
                            ("due_date", "Vencimento diferente"),
                        ],
                        max_length=12,
                    ),
                ),
                ("protocol", models.CharField(max_length=60)),
                ("document", models.CharField(max_length=20)),
                ("contract", models.CharField(max_length=60)),
                ("their_status", models.CharField(blank=True, max_length=20)),
                ("their_amount", models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ("their_due_date", models.DateField(null=True)),
                ("our_status", models.CharField(blank=True, max_length=15)),
                ("our_amount", models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ("our_due_date", models.DateField(null=True)),
                (
                    "remedy",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("adopt", "Adotar aqui"),
                            ("adopt_remove", "Adotar e pedir baixa"),
                            ("close", "Encerrar aqui"),
                            ("relist", "Negativar de novo"),
                            ("accept", "Aceitar a situação do birô"),
                            ("correct", "Corrigir no birô"),
                            ("review", "Marcar como conferida"),
                        ],
                        max_length=12,
                    ),
                ),
                ("asked_at", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                ("result", models.TextField(blank=True)),
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
                    "receivable",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="receivables.receivable",
                    ),
                ),
                (
                    "restriction",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="restrictions.restriction",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="differences",
                        to="restrictions.reconciliation",
                    ),
                ),
            ],
            options={
                "verbose_name": "diferença",
            },
        ),
        migrations.CreateModel(
            name="SyncState",
            fields=[
                (
                    "integration",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="sync_state",
                        serialize=False,
                        to="integrations.integration",
                    ),
                ),
                ("asked_at", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("touched_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("read", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("alien", models.PositiveIntegerField(default=0)),
                ("problem", models.TextField(blank=True)),
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
            ],
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("event_id", models.CharField(max_length=120)),
                ("occurred_at", models.DateTimeField(null=True)),
                (
                    "received_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("protocol", models.CharField(max_length=60)),
                ("reference", models.UUIDField(null=True)),
                ("version", models.BigIntegerField()),
                ("record_sealed", models.TextField(editable=False)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("pending", "Esperando"),
                            ("applied", "Aplicado"),
                            ("stale", "Já sabido"),
                            ("unknown", "Sem negativação aqui"),
                            ("failed", "Não pôde ser aplicado"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "integration",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="integrations.integration",
                    ),
                ),
            ],
            options={
                "verbose_name": "aviso do birô",
                "verbose_name_plural": "avisos do birô",
            },
        ),
        migrations.AddIndex(
            model_name="reconciliation",
            index=models.Index(fields=["integration", "-id"], name="reconciliation_by_owner"),
        ),
        migrations.AddConstraint(
            model_name="reconciliation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("queued", "reading"))),
                fields=("integration",),
                name="reconciliation_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="reconciliation",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["queued", "reading", "done", "failed"])),
                name="reconciliation_state_known",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerline",
            index=models.Index(fields=["run", "restriction"], name="ledger_line_paired"),
        ),
        migrations.AddConstraint(
            model_name="ledgerline",
            constraint=models.UniqueConstraint(fields=("run", "protocol"), name="ledger_line_once"),
        ),
        migrations.AddIndex(
            model_name="difference",
            index=models.Index(fields=["run", "kind", "id"], name="difference_by_kind"),
        ),
        migrations.AddIndex(
            model_name="difference",
            index=models.Index(fields=["protocol"], name="difference_by_protocol"),
        ),
        migrations.AddIndex(
            model_name="difference",
            index=models.Index(
                condition=models.Q(models.Q(("remedy", ""), _negated=True), ("done_at", None)),
                fields=["run", "id"],
                name="difference_to_do",
            ),
        ),
        migrations.AddConstraint(
            model_name="difference",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["only_theirs", "only_ours", "status", "amount", "due_date"])
                ),
                name="difference_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="difference",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at", None), ("remedy", "")),
                    models.Q(
                        ("asked_at__isnull", False),
                        ("asked_by__isnull", False),
                        models.Q(("remedy", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="difference_remedy_names_actor",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("outcome", "pending")),
                fields=["integration", "received_at"],
                name="delivery_pending",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("outcome__in", ["unknown", "failed"])),
                fields=["integration", "protocol"],
                name="delivery_unmatched",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("outcome__in", ["applied", "stale"])),
                fields=["settled_at"],
                name="delivery_settled",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.UniqueConstraint(
                fields=("integration", "event_id"), name="delivery_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("outcome__in", ["pending", "applied", "stale", "unknown", "failed"])
                ),
                name="delivery_outcome_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("outcome", "pending"), ("settled_at__isnull", False), _connector="OR"
                ),
                name="delivery_settled_says_when",
            ),
        ),
    ]
