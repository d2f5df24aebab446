"""What customers owe and what they paid."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from regua.organization.models import Branch
from regua.parties.models import Customer


class Contract(models.Model):
    """A recurring service of one customer."""

    class Kind(models.TextChoices):
        TELECOM = "telecom", "Telecomunicações"
        OTHER = "other", "Outros serviços"

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="contracts")
    co_debtor = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    """The *coobrigado*: another customer of the same branch who answers for its debts, too."""
    external_id = models.CharField(  # noqa: DJ001 -- unique, so "" would be one of them
        "identificador externo", max_length=64, null=True, blank=True, editable=False
    )
    """What the system that it came from calls it; None for what was written here."""
    number = models.CharField("contrato", max_length=20)
    kind = models.CharField("tipo", max_length=10, choices=Kind.choices, default=Kind.TELECOM)
    started_on = models.DateField("início", null=True, blank=True)
    suspended_on = models.DateField("suspensão", null=True, blank=True)
    ended_on = models.DateField("rescisão", null=True, blank=True)

    class Meta:
        verbose_name = "contrato"
        constraints = [
            models.CheckConstraint(condition=~Q(number=""), name="contract_numbered"),
            models.UniqueConstraint(fields=["customer", "number"], name="contract_once"),
            models.UniqueConstraint(
                fields=["customer", "external_id"],
                condition=Q(external_id__isnull=False),
                name="contract_external_id_once",
            ),
            models.CheckConstraint(
                condition=Q(co_debtor=None) | ~Q(co_debtor=F("customer")),
                name="contract_co_debtor_is_another",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ContractDatesChange(models.Model):
    """Who wrote a contract's dates, when, from what to what. Append-only.

    The dates decide when a debt may be listed (Anatel, Res. 765/2023), so they need an author.
    """

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="dates_changes")
    suspended_before = models.DateField(null=True)
    suspended_on = models.DateField("suspensão", null=True)
    ended_before = models.DateField(null=True)
    ended_on = models.DateField("rescisão", null=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "mudança de datas do contrato"
        verbose_name_plural = "mudanças de datas de contratos"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"datas do contrato {self.contract_id}, {self.at:%d/%m/%Y}"


class Receivable(models.Model):
    """A *título*: one instalment with its due date. Amounts are BRL."""

    class Status(models.TextChoices):
        OPEN = "open", "Em aberto"
        PARTIAL = "partial", "Pago em parte"
        RECEIVED = "received", "Recebido"
        CANCELLED = "cancelled", "Cancelado"

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="+", db_index=False, verbose_name="filial"
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="receivables", db_index=False
    )
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="receivables")
    external_id = models.CharField(  # noqa: DJ001 -- unique, so "" would be one of them
        "identificador externo", max_length=64, null=True, blank=True, editable=False
    )
    """As of ``Contract``."""
    number = models.CharField("título", max_length=20)
    our_number = models.CharField("nosso número", max_length=20)
    due_date = models.DateField("vencimento")
    amount = models.DecimalField("valor", max_digits=14, decimal_places=2)
    open_amount = models.DecimalField("valor em aberto", max_digits=14, decimal_places=2)
    status = models.CharField(
        "situação", max_length=10, choices=Status.choices, default=Status.OPEN
    )
    renegotiated = models.BooleanField("renegociado", default=False)
    disputed = models.BooleanField("contestado", default=False)
    awaiting_confirmation = models.BooleanField("aguardando confirmação", default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "título"
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["open", "partial", "received", "cancelled"]),
                name="receivable_status_known",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="receivable_amount_positive"),
            models.CheckConstraint(
                condition=Q(status="open", open_amount=F("amount"))
                | Q(status="partial", open_amount__gt=0, open_amount__lt=F("amount"))
                | Q(status="received", open_amount=0)
                | Q(status="cancelled", open_amount__gte=0, open_amount__lte=F("amount")),
                name="receivable_open_amount_fits_status",
            ),
            models.CheckConstraint(
                condition=~Q(our_number="") & ~Q(number=""), name="receivable_numbered"
            ),
            models.UniqueConstraint(fields=["branch", "our_number"], name="receivable_once"),
            models.UniqueConstraint(
                fields=["branch", "external_id"],
                condition=Q(external_id__isnull=False),
                name="receivable_external_id_once",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "due_date", "id"], name="receivable_by_customer"),
            models.Index(
                fields=["due_date", "id"],
                name="receivable_overdue",
                condition=Q(status__in=["open", "partial"]),
            ),
            models.Index(
                fields=["branch", "customer", "due_date"],
                name="receivable_owed",
                condition=Q(status__in=["open", "partial"]),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_owed(self) -> bool:
        return self.status in (self.Status.OPEN, self.Status.PARTIAL)


class Payment(models.Model):
    """Money received against one receivable."""

    receivable = models.ForeignKey(Receivable, models.PROTECT, related_name="payments")
    external_id = models.CharField(  # noqa: DJ001 -- unique, so "" would be one of them
        "identificador externo", max_length=64, null=True, blank=True, editable=False
    )
    """As of ``Contract``."""
    amount = models.DecimalField("valor", max_digits=14, decimal_places=2)
    paid_on = models.DateField("pago em")
    available_on = models.DateField("disponível em")
    """When the money is fully available: Súmula 548's clock starts from here."""
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "pagamento"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_positive"),
            models.UniqueConstraint(
                fields=["receivable", "external_id"],
                condition=Q(external_id__isnull=False),
                name="payment_external_id_once",
            ),
            models.CheckConstraint(
                condition=Q(available_on__gte=F("paid_on")), name="payment_available_after_paid"
            ),
        ]

    def __str__(self) -> str:
        return f"pagamento nº {self.pk}"


class ReceivableCancellation(models.Model):
    """Who cancelled a receivable, when and why. Append-only."""

    receivable = models.ForeignKey(Receivable, models.PROTECT, related_name="cancellations")
    amount = models.DecimalField("valor cancelado", max_digits=14, decimal_places=2)
    """What was still owed of it."""
    reason = models.TextField("por quê")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "cancelamento de título"
        verbose_name_plural = "cancelamentos de títulos"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0) & ~Q(reason=""), name="cancellation_says_what_and_why"
            )
        ]

    def __str__(self) -> str:
        return f"cancelamento do título {self.receivable_id}"


class Impediment(models.Model):
    """What stands against charging and listing a receivable until somebody closes it.

    A contest pauses both (CDC, art. 54-G); a court order forbids listing until it is lifted.
    """

    class Kind(models.TextChoices):
        CONTEST = "contest", "Contestação do cliente"
        COURT_ORDER = "court_order", "Ordem judicial"

    class Outcome(models.TextChoices):
        UPHELD = "upheld", "Procedente: a cobrança estava errada"
        REJECTED = "rejected", "Improcedente: a cobrança está certa"
        LIFTED = "lifted", "Ordem revogada"

    receivable = models.ForeignKey(Receivable, models.PROTECT, related_name="impediments")
    kind = models.CharField("tipo", max_length=12, choices=Kind.choices)
    told_on = models.DateField("recebida em")
    """When we were told: the five business days of CDC art. 43 § 3º count from here."""
    text = models.TextField("o que foi dito")
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    """Null where the bureau told it, by taking a listing off by itself."""
    opened_at = models.DateTimeField(db_default=Now())
    outcome = models.CharField("decisão", max_length=10, choices=Outcome.choices, blank=True)
    decision = models.TextField("por quê", blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "impedimento"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["receivable", "kind"],
                condition=Q(closed_at=None),
                name="impediment_one_open",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["contest", "court_order"]), name="impediment_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="", closed_by=None)
                | (Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(outcome="")),
                name="impediment_closed_with_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} nº {self.pk}"
