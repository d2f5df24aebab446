"""What the legal gate rests on: evidence, decisions to go on in spite of a rule, notice terms."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from regua.parties.models import STATES, Customer
from regua.receivables.models import Contract, Impediment, Receivable


class EvidenceKind(models.TextChoices):
    DEBT_DOCUMENT = "debt_document", "Documento da dívida"
    OVERDUE_NOTICE = "overdue_notice", "Aviso de atraso ao cliente"
    RESCISSION_PROOF = "rescission_proof", "Comprovante da rescisão"
    PAYMENT_PROOF = "payment_proof", "Comprovante de pagamento"
    CONTEST = "contest", "Contestação do cliente"
    COURT_ORDER = "court_order", "Ordem judicial"
    DEATH_CERTIFICATE = "death_certificate", "Certidão de óbito"
    HOLDER_CHANGE = "holder_change", "Mudança de titularidade"
    OTHER = "other", "Outro documento"


DATED: dict[str, str] = {
    EvidenceKind.OVERDUE_NOTICE: "Diga em que dia o cliente recebeu o aviso.",
    EvidenceKind.RESCISSION_PROOF: "Diga em que dia o contrato foi rescindido.",
}
"""Kinds whose day counts, and how to ask for it."""
OF_A_CONTRACT = (
    EvidenceKind.DEBT_DOCUMENT,
    EvidenceKind.OVERDUE_NOTICE,
    EvidenceKind.RESCISSION_PROOF,
)
"""Kinds that prove something of a debt: without its contract the gate could not find them."""


class EvidenceContent(models.Model):
    """The bytes of an uploaded file, once however often it is attached.

    In the database and never under the web root: it is handed out by a view that asks who wants it,
    every machine sees the same, and a backup of the database is a backup of the evidence.
    """

    sha256 = models.CharField(max_length=64, primary_key=True)
    data = models.BinaryField()

    class Meta:
        verbose_name = "arquivo"

    def __str__(self) -> str:
        return self.sha256


class Evidence(models.Model):
    """A file that proves something of a debt, contract or customer. Withdrawn, never deleted."""

    kind = models.CharField("o que prova", max_length=20, choices=EvidenceKind.choices)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="evidence", db_index=False)
    contract = models.ForeignKey(
        Contract, models.PROTECT, null=True, related_name="evidence", db_index=False
    )
    receivable = models.ForeignKey(
        Receivable, models.PROTECT, null=True, related_name="evidence", db_index=False
    )
    """Null where it proves something of the whole contract (or of the customer)."""
    impediment = models.ForeignKey(
        Impediment, models.PROTECT, null=True, related_name="evidence", db_index=False
    )
    dated_on = models.DateField("data do fato", null=True)
    """When what it proves happened: the day the notice was delivered, the contract rescinded."""
    content = models.ForeignKey(EvidenceContent, models.PROTECT, related_name="+", db_index=False)
    """Its hash is the file's name in the store."""
    filename = models.CharField("arquivo", max_length=150)
    content_type = models.CharField(max_length=60)
    size = models.PositiveIntegerField()
    """Bytes."""
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    """Null for what the system itself proves: a notice that it sent."""
    uploaded_at = models.DateTimeField(db_default=Now())
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "evidência"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=EvidenceKind.values), name="evidence_kind_known"
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="evidence_not_empty"),
            models.CheckConstraint(
                condition=Q(receivable=None) | Q(contract__isnull=False),
                name="evidence_of_debt_names_contract",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=list(DATED)) | Q(dated_on__isnull=False),
                name="evidence_dated",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="evidence_withdrawn_by",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="evidence_by_customer"),
            models.Index(
                fields=["contract", "kind"],
                name="evidence_by_contract",
                condition=Q(withdrawn_at=None, contract__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} nº {self.pk}"


class RuleOverride(models.Model):
    """Somebody's decision to list one debt in spite of one rule, and why."""

    receivable = models.ForeignKey(Receivable, models.PROTECT, related_name="overrides")
    rule = models.CharField("regra", max_length=40)
    """``Rule.code``."""
    reason = models.TextField("por quê")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "liberação de regra"
        verbose_name_plural = "liberações de regras"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["receivable", "rule"],
                condition=Q(withdrawn_at=None),
                name="override_once",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="override_says_why"),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="override_withdrawn_by",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule}, título {self.receivable_id}"


class NoticeTerm(models.Model):
    """Days between the bureau's notice and the visible record, where a state has its own.

    A state without a row has ``DEFAULT_DAYS``. What states ask changes with their laws and with the
    bureau: it is the operator's to keep (``docs``: law, 3.3).
    """

    DEFAULT_DAYS = 10

    state = models.CharField("UF", max_length=2, choices=STATES, unique=True)
    days = models.PositiveSmallIntegerField("dias")
    source = models.CharField("fonte", max_length=200)
    """The law or the bureau's word for it."""

    class Meta:
        verbose_name = "prazo do comunicado"
        verbose_name_plural = "prazos do comunicado"
        ordering = ["state"]
        constraints = [
            models.CheckConstraint(
                condition=Q(days__gte=1, days__lte=120), name="notice_term_days"
            ),
            models.CheckConstraint(
                condition=~Q(source=""),
                name="notice_term_source",
                violation_error_message="Diga de onde vem o prazo: a lei ou o birô.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state}, {self.days} dias"

    @property
    def said(self) -> dict[str, int | str]:
        """What its history keeps."""
        return {"days": self.days, "source": self.source}
