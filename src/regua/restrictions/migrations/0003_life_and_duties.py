"""A listing's whole life: corrections, approvals, amounts by item, and the duty to take it off."""

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION restrictions_end_duty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE restrictions_removalduty
    SET ended_at = now(),
        outcome = CASE
            WHEN COALESCE(NEW.removed_on, (now() AT TIME ZONE 'America/Sao_Paulo')::date) > due_on
            THEN 'late' ELSE 'met'
        END
    WHERE restriction_id = NEW.id AND ended_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER restriction_ends_duty AFTER UPDATE OF status ON restrictions_restriction
    FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status
          AND NEW.status IN ('removed', 'refused', 'cancelled'))
    EXECUTE FUNCTION restrictions_end_duty();
"""
BACKWARD = """
DROP TRIGGER restriction_ends_duty ON restrictions_restriction;
DROP FUNCTION restrictions_end_duty();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0003_leaner_call_log"),
        ("organization", "0003_legal_parameters"),
        ("parties", "0005_customer_deceased_on"),
        ("receivables", "0002_impediments"),
        ("restrictions", "0002_legal_moves"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RemovalDuty",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("paid", "Dívida paga"),
                            ("debt_cancelled", "Título cancelado"),
                            ("renegotiated", "Dívida renegociada"),
                            ("correction", "Dado errado"),
                            ("contested", "Contestação procedente"),
                            ("court_order", "Ordem judicial"),
                            ("deceased", "Falecimento"),
                            ("ownership_change", "Mudança de titularidade"),
                            ("five_years", "Prazo de cinco anos"),
                        ],
                        max_length=20,
                        verbose_name="motivo",
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="desde")),
                ("due_on", models.DateField(verbose_name="retirar até")),
                (
                    "opened_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("reminded_on", models.DateField(null=True, verbose_name="lembrada em")),
                ("escalated_on", models.DateField(null=True, verbose_name="levada ao gestor em")),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("met", "No prazo"),
                            ("late", "Fora do prazo"),
                            ("void", "Deixou de valer"),
                        ],
                        max_length=5,
                        verbose_name="como acabou",
                    ),
                ),
            ],
            options={
                "verbose_name": "prazo de baixa",
                "verbose_name_plural": "prazos de baixa",
            },
        ),
        migrations.AddField(
            model_name="restriction",
            name="approval_reason",
            field=models.TextField(
                blank=True, db_default="", verbose_name="por que pede aprovação"
            ),
        ),
        migrations.AddField(
            model_name="restriction",
            name="approved_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="restriction",
            name="approved_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="restriction",
            name="co_debtor",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="restriction",
            name="fine",
            field=models.DecimalField(
                db_default=0, decimal_places=2, default=0, max_digits=14, verbose_name="multa"
            ),
        ),
        migrations.AddField(
            model_name="restriction",
            name="gate",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="restriction",
            name="interest",
            field=models.DecimalField(
                db_default=0, decimal_places=2, default=0, max_digits=14, verbose_name="juros"
            ),
        ),
        migrations.AddField(
            model_name="restriction",
            name="removal_form",
            field=models.CharField(
                blank=True,
                choices=[("manual", "Manual"), ("automatic", "Automática")],
                db_default="",
                max_length=10,
                verbose_name="forma da baixa",
            ),
        ),
        migrations.AddField(
            model_name="restriction",
            name="replaces",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replacements",
                to="restrictions.restriction",
            ),
        ),
        migrations.AlterField(
            model_name="restriction",
            name="removal_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("paid", "Pagamento da dívida"),
                    ("partially_paid", "Pagamento parcial"),
                    ("renegotiated", "Renegociação"),
                    ("debt_cancelled", "Cancelamento do título"),
                    ("wrongly_listed", "Inclusão indevida"),
                    ("court_order", "Ordem judicial"),
                    ("contested", "Contestação do cliente"),
                    ("fraud", "Fraude"),
                    ("deceased", "Falecimento"),
                    ("data_correction", "Correção de dados"),
                    ("ownership_change", "Mudança de titularidade"),
                    ("letter_returned", "Carta devolvida"),
                    ("five_years", "Prazo de cinco anos"),
                ],
                max_length=20,
                verbose_name="motivo da baixa",
            ),
        ),
        migrations.AlterField(
            model_name="restrictionevent",
            name="source",
            field=models.CharField(
                choices=[
                    ("person", "Pessoa"),
                    ("sender", "Envio ao birô"),
                    ("sync", "Sincronização"),
                    ("webhook", "Aviso do birô"),
                    ("routine", "Rotina automática"),
                    ("reconcile", "Conciliação"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="removalduty",
            name="branch",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="organization.branch",
            ),
        ),
        migrations.AddField(
            model_name="removalduty",
            name="restriction",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="duties",
                to="restrictions.restriction",
            ),
        ),
        migrations.AddIndex(
            model_name="removalduty",
            index=models.Index(
                condition=models.Q(("ended_at", None)),
                fields=["branch", "due_on", "id"],
                name="duty_open",
            ),
        ),
        migrations.AddIndex(
            model_name="removalduty",
            index=models.Index(
                condition=models.Q(("outcome", "late")),
                fields=["branch", "-due_on", "-id"],
                name="duty_late",
            ),
        ),
        migrations.AddConstraint(
            model_name="removalduty",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("restriction",),
                name="duty_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="removalduty",
            constraint=models.CheckConstraint(
                condition=models.Q(("due_on__gte", models.F("starts_on"))), name="duty_due_after"
            ),
        ),
        migrations.AddConstraint(
            model_name="removalduty",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("outcome", "")),
                    models.Q(("ended_at__isnull", False), models.Q(("outcome", ""), _negated=True)),
                    _connector="OR",
                ),
                name="duty_ended_says_how",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
