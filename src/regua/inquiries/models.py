"""One paid question to a bureau about one document."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from regua.integrations import vault
from regua.integrations.choices import PersonKind
from regua.integrations.models import Outgoing
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

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name="filial")
    document = models.CharField("CPF ou CNPJ", max_length=14)
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, related_name="inquiries")
    lead = models.ForeignKey(Lead, models.PROTECT, null=True, related_name="inquiries")
    prospect = models.ForeignKey(Prospect, models.PROTECT, null=True, related_name="inquiries")
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
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(auto_now_add=True)

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
    report_sealed = models.TextField(blank=True)
    """The bureau's report as JSON, encrypted (see ``integrations.vault``)."""

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
                | (Q(answered_at__isnull=False) & ~Q(report_sealed="") & ~Q(protocol="")),
                name="inquiry_answered_is_whole",
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
        ]
        indexes = [
            models.Index(
                fields=["integration", "due_at"],
                name="inquiry_due",
                condition=Q(due_at__isnull=False),
            ),
            models.Index(fields=["customer", "-requested_at", "-id"], name="inquiry_by_customer"),
            models.Index(fields=["document", "-requested_at"], name="inquiry_by_document"),
            models.Index(fields=["-requested_at", "-id"], name="inquiry_by_time"),
            models.Index(fields=["branch", "-requested_at", "-id"], name="inquiry_by_branch"),
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
