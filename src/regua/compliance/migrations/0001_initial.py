import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("parties", "0005_customer_deceased_on"),
        ("receivables", "0002_impediments"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="EvidenceContent",
            fields=[
                ("sha256", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("data", models.BinaryField()),
            ],
            options={
                "verbose_name": "arquivo",
            },
        ),
        migrations.CreateModel(
            name="NoticeTerm",
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
                            ("AC", "AC"),
                            ("AL", "AL"),
                            ("AM", "AM"),
                            ("AP", "AP"),
                            ("BA", "BA"),
                            ("CE", "CE"),
                            ("DF", "DF"),
                            ("ES", "ES"),
                            ("GO", "GO"),
                            ("MA", "MA"),
                            ("MG", "MG"),
                            ("MS", "MS"),
                            ("MT", "MT"),
                            ("PA", "PA"),
                            ("PB", "PB"),
                            ("PE", "PE"),
                            ("PI", "PI"),
                            ("PR", "PR"),
                            ("RJ", "RJ"),
                            ("RN", "RN"),
                            ("RO", "RO"),
                            ("RR", "RR"),
                            ("RS", "RS"),
                            ("SC", "SC"),
                            ("SE", "SE"),
                            ("SP", "SP"),
                            ("TO", "TO"),
                        ],
                        max_length=2,
                        unique=True,
                        verbose_name="UF",
                    ),
                ),
                ("days", models.PositiveSmallIntegerField(verbose_name="dias")),
                ("source", models.CharField(max_length=200, verbose_name="fonte")),
            ],
            options={
                "verbose_name": "prazo do comunicado",
                "verbose_name_plural": "prazos do comunicado",
                "ordering": ["state"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("days__gte", 1), ("days__lte", 120)),
                        name="notice_term_days",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Evidence",
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
                            ("debt_document", "Documento da dívida"),
                            ("overdue_notice", "Aviso de atraso ao cliente"),
                            ("rescission_proof", "Comprovante da rescisão"),
                            ("payment_proof", "Comprovante de pagamento"),
                            ("contest", "Contestação do cliente"),
                            ("court_order", "Ordem judicial"),
                            ("death_certificate", "Certidão de óbito"),
                            ("holder_change", "Mudança de titularidade"),
                            ("other", "Outro documento"),
                        ],
                        max_length=20,
                        verbose_name="o que prova",
                    ),
                ),
                ("dated_on", models.DateField(null=True, verbose_name="data do fato")),
                ("filename", models.CharField(max_length=150, verbose_name="arquivo")),
                ("content_type", models.CharField(max_length=60)),
                ("size", models.PositiveIntegerField()),
                (
                    "uploaded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "contract",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evidence",
                        to="receivables.contract",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evidence",
                        to="parties.customer",
                    ),
                ),
                (
                    "impediment",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evidence",
                        to="receivables.impediment",
                    ),
                ),
                (
                    "receivable",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evidence",
                        to="receivables.receivable",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "content",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compliance.evidencecontent",
                    ),
                ),
            ],
            options={
                "verbose_name": "evidência",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["customer", "-id"], name="evidence_by_customer"),
                    models.Index(
                        condition=models.Q(("contract__isnull", False), ("withdrawn_at", None)),
                        fields=["contract", "kind"],
                        name="evidence_by_contract",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "debt_document",
                                    "overdue_notice",
                                    "rescission_proof",
                                    "payment_proof",
                                    "contest",
                                    "court_order",
                                    "death_certificate",
                                    "holder_change",
                                    "other",
                                ],
                            )
                        ),
                        name="evidence_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("size__gt", 0)), name="evidence_not_empty"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("receivable", None), ("contract__isnull", False), _connector="OR"
                        ),
                        name="evidence_of_debt_names_contract",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RuleOverride",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rule", models.CharField(max_length=40, verbose_name="regra")),
                ("reason", models.TextField(verbose_name="por quê")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("withdrawn_at", models.DateTimeField(null=True)),
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
                        related_name="overrides",
                        to="receivables.receivable",
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "liberação de regra",
                "verbose_name_plural": "liberações de regras",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at", None)),
                        fields=("receivable", "rule"),
                        name="override_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="override_says_why"
                    ),
                ],
            },
        ),
    ]
