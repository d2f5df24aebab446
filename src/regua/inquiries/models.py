"""One paid question to a bureau about one document."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from regua.inquiries.choices import AccessKind, Outcome
from regua.integrations import vault
from regua.integrations.choices import PersonKind
from regua.integrations.models import Integration, Outgoing
from regua.organization.models import Branch
from regua.parties.models import DOCUMENT_SHAPE, Customer, Lead, Prospect


class Inquiry(Outgoing):
    """A *consulta de análise de crédito*, from the click to the bureau's answer."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Na fila"
        SENT = "sent", "Em andamento no birô"
        ANSWERED = "answered", "Respondida"
        REFUSED = "refused", "Recusada"

    class LegalBasis(models.TextChoices):
        CREDIT_PROTECTION = "credit_protection", "Proteção do crédito (LGPD, art. 7º, X)"

    EFFECTFUL = ("queued",)

    # Every index is written three times for each inquiry: the ones below serve these keys too.
    integration = models.ForeignKey(
        Integration, models.PROTECT, related_name="+", db_index=False, verbose_name="integração"
    )
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="+", db_index=False, verbose_name="filial"
    )
    document = models.CharField("CPF ou CNPJ", max_length=14)
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, related_name="inquiries", db_index=False
    )
    lead = models.ForeignKey(
        Lead, models.PROTECT, null=True, related_name="inquiries", db_index=False
    )
    prospect = models.ForeignKey(
        Prospect, models.PROTECT, null=True, related_name="inquiries", db_index=False
    )
    product_code = models.CharField(max_length=30)
    product_name = models.CharField("produto", max_length=120)
    cost = models.DecimalField("custo", max_digits=14, decimal_places=2)
    """What the bureau charges for it, BRL; its price when the question was asked."""
    charge_unsure = models.BooleanField("cobrança a conferir", default=False)
    """Refused or given up, and yet the bureau may have charged for it."""
    purpose = models.CharField("finalidade", max_length=120)
    legal_basis = models.CharField(
        "base legal",
        max_length=20,
        choices=LegalBasis.choices,
        default=LegalBasis.CREDIT_PROTECTION,
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    requested_at = models.DateTimeField(default=timezone.now)
    repeats = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)
    """The answer within the interval that the person chose not to use."""
    repeat_reason = models.CharField(
        "motivo para repetir", max_length=200, blank=True, db_default=""
    )

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    protocol = models.CharField("protocolo", max_length=60, blank=True)
    answered_at = models.DateTimeField(null=True)
    name = models.CharField(max_length=120, blank=True)
    document_status = models.CharField("situação do documento", max_length=60, blank=True)
    score = models.PositiveSmallIntegerField(null=True)
    band = models.CharField("faixa", max_length=1, blank=True)
    default_probability = models.DecimalField(max_digits=5, decimal_places=4, null=True)
    pendings_count = models.PositiveIntegerField(null=True)
    pendings_total = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    born_or_opened_on = models.DateField(null=True)
    newest_pending_on = models.DateField(null=True)
    outcome = models.CharField(
        "resultado", max_length=10, choices=Outcome.choices, blank=True, db_default=""
    )
    """What holds now: the policy's decision or a person's over it; empty without a policy."""
    report_sealed = models.TextField(blank=True)
    """The bureau's report as JSON, encrypted (see ``integrations.vault``)."""
    report_erased_at = models.DateTimeField(null=True)
    """When its term of retention ended and the report was deleted."""

    class Meta:
        verbose_name = "consulta"
        constraints = [
            models.CheckConstraint(
                condition=Q(document__regex=DOCUMENT_SHAPE), name="inquiry_document_shape"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["queued", "sent", "answered", "refused"]),
                name="inquiry_status_known",
            ),
            models.CheckConstraint(
                condition=~Q(status="answered")
                | (
                    Q(answered_at__isnull=False)
                    & (~Q(report_sealed="") | Q(report_erased_at__isnull=False))
                    & ~Q(protocol="")
                ),
                name="inquiry_answered_is_complete",
            ),
            models.CheckConstraint(
                condition=~Q(status="sent") | ~Q(protocol=""), name="inquiry_sent_has_protocol"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["answered", "refused"])
                | Q(due_at__isnull=True, unknown=False),
                name="inquiry_finished_is_at_rest",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["answered", "refused"]) | Q(due_at__isnull=False),
                name="inquiry_unfinished_is_due",
            ),
            models.CheckConstraint(
                condition=Q(customer=None, lead=None)
                | Q(customer=None, prospect=None)
                | Q(lead=None, prospect=None),
                name="inquiry_one_party_at_most",
            ),
            models.CheckConstraint(condition=Q(cost__gte=0), name="inquiry_cost"),
            models.CheckConstraint(
                condition=Q(charge_unsure=False) | Q(status="refused"), name="inquiry_charge_unsure"
            ),
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__lte=1000), name="inquiry_score_range"
            ),
            models.CheckConstraint(
                condition=Q(outcome="") | Q(outcome__in=Outcome.values, status="answered"),
                name="inquiry_outcome",
            ),
            models.CheckConstraint(
                condition=Q(repeats=None) | ~Q(repeat_reason=""), name="inquiry_repeat_has_reason"
            ),
            # Whoever asks what is being asked already joins that question: one paid call.
            models.UniqueConstraint(
                fields=["integration", "document", "product_code"],
                condition=Q(status__in=["queued", "sent"]),
                name="inquiry_asked_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["integration", "due_at"],
                name="inquiry_due",
                condition=Q(due_at__isnull=False),
            ),
            models.Index(
                fields=["customer", "-requested_at", "-id"],
                name="inquiry_of_customer",
                condition=Q(customer__isnull=False),
            ),
            models.Index(fields=["lead"], name="inquiry_of_lead", condition=Q(lead__isnull=False)),
            models.Index(
                fields=["prospect"], name="inquiry_of_prospect", condition=Q(prospect__isnull=False)
            ),
            models.Index(fields=["document", "-requested_at"], name="inquiry_by_document"),
            models.Index(fields=["-requested_at", "-id"], name="inquiry_by_time"),
            models.Index(fields=["branch", "-requested_at", "-id"], name="inquiry_by_branch"),
            models.Index(fields=["requested_by", "-requested_at", "-id"], name="inquiry_by_person"),
            models.Index(
                fields=["answered_at"],
                name="inquiry_report_kept",
                condition=Q(report_erased_at=None, status="answered"),
            ),
        ]

    def __str__(self) -> str:
        return f"consulta nº {self.pk}"

    @property
    def is_finished(self) -> bool:
        return self.status in (self.Status.ANSWERED, self.Status.REFUSED)

    @property
    def was_free(self) -> bool:
        """Refused before the bureau took it up: nothing was charged."""
        return self.status == self.Status.REFUSED and not self.charge_unsure

    @property
    def party(self) -> Customer | Lead | Prospect | None:
        return self.customer or self.lead or self.prospect

    @property
    def about(self) -> str:
        """Whom it is about, as well as we know."""
        return self.name or (self.party.name if self.party else f"Consulta nº {self.pk}")

    @property
    def is_company(self) -> bool:
        return len(self.document) == 14

    @property
    def person_kind(self) -> str:
        return PersonKind.COMPANY if self.is_company else PersonKind.PERSON

    def vault_context(self) -> str:
        return vault.context(self._meta.db_table, "report", self.pk)

    def __repr__(self) -> str:
        return f"<Inquiry {self.pk} {self.status}>"


class InquiryAccess(models.Model):
    """Somebody used an inquiry that was not made for them (LGPD, art. 37). Append-only."""

    inquiry = models.ForeignKey(Inquiry, models.PROTECT, related_name="accesses")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=AccessKind.choices)
    purpose = models.CharField("finalidade", max_length=120)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "uso de consulta"
        verbose_name_plural = "usos de consultas"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=AccessKind.values), name="inquiry_access_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.inquiry_id}"


class BureauPdf(models.Model):
    """The bureau's printable report, encrypted; it is fetched when somebody first asks for it."""

    inquiry = models.OneToOneField(Inquiry, models.CASCADE, primary_key=True, related_name="pdf")
    sealed = models.TextField()
    fetched_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"PDF da consulta nº {self.pk}"

    def vault_context(self) -> str:
        return vault.context(self._meta.db_table, "sealed", self.pk)


class InquiryBudget(models.Model):
    """What a branch may spend on inquiries in a month, and when to warn."""

    branch = models.OneToOneField(Branch, models.CASCADE, primary_key=True, related_name="+")
    monthly = models.DecimalField("orçamento mensal", max_digits=14, decimal_places=2)
    """BRL; what would go beyond it is not asked."""
    warn_percent = models.PositiveSmallIntegerField("avisar a partir de", default=80)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "orçamento de consultas"
        constraints = [
            models.CheckConstraint(condition=Q(monthly__gte=0), name="inquiry_budget_monthly"),
            models.CheckConstraint(
                condition=Q(warn_percent__gte=1, warn_percent__lte=100), name="inquiry_budget_warn"
            ),
        ]

    def __str__(self) -> str:
        return f"orçamento da filial {self.branch_id}"


class InquirySpending(models.Model):
    """What a branch's inquiries of one month cost so far, those under way included."""

    branch = models.ForeignKey(Branch, models.CASCADE, related_name="+")
    month = models.DateField()
    """Its first day, in America/Sao_Paulo."""
    spent = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["branch", "month"], name="inquiry_spending_once"),
        ]

    def __str__(self) -> str:
        return f"{self.branch_id}, {self.month:%m/%Y}"


class InquiryTotal(models.Model):
    """How many finished inquiries of one kind a day, or a month, had; a trigger keeps it.

    The lists and reports count and sum from here, whatever the filter and however many there are:
    whole months from their own rows, the days at the ends of a period from theirs.
    """

    day = models.DateField()
    """Of the request, in America/Sao_Paulo; a month's is its first."""
    monthly = models.BooleanField()
    branch = models.ForeignKey(Branch, models.CASCADE, related_name="+")
    integration = models.ForeignKey(
        "integrations.Integration", models.CASCADE, related_name="+", db_index=False
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    person_kind = models.CharField(max_length=1)
    product_code = models.CharField(max_length=30)
    result = models.CharField(max_length=10)
    """``refused``, ``answered`` (no policy) or an ``Outcome``."""
    count = models.IntegerField()
    cost = models.DecimalField(max_digits=16, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "requested_by",
                    "monthly",
                    "day",
                    "branch",
                    "integration",
                    "person_kind",
                    "product_code",
                    "result",
                ],
                name="inquiry_total_once",
            ),
        ]
        indexes = [
            models.Index(fields=["monthly", "day"], name="inquiry_total_by_day"),
            models.Index(fields=["monthly", "branch", "day"], name="inquiry_total_by_branch"),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.count}"


from regua.inquiries.policy import models as _policy  # noqa: E402, F401
