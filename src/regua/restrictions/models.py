"""One debt of one debtor listed at one bureau, and everything that happened to it."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from regua.integrations.models import Outgoing
from regua.organization.models import Branch
from regua.parties.models import Customer
from regua.receivables.models import Receivable
from regua.restrictions.choices import (
    AT_BUREAU,
    FINAL,
    LIVE,
    Correction,
    DutyCause,
    DutyOutcome,
    Form,
    RemovalReason,
    Source,
    Status,
)
from regua.restrictions.ledger_models import Difference as Difference
from regua.restrictions.ledger_models import LedgerLine as LedgerLine
from regua.restrictions.ledger_models import Reconciliation as Reconciliation
from regua.restrictions.ledger_models import SyncState as SyncState
from regua.restrictions.ledger_models import WebhookDelivery as WebhookDelivery
from regua.restrictions.total_models import RestrictionMove as RestrictionMove
from regua.restrictions.total_models import RestrictionTotal as RestrictionTotal


class Restriction(Outgoing):
    """A *negativação*: its state here, the bureau's protocol and version, and what was sent.

    What is sent to the bureau is fixed when it is asked for (amount, due date, numbers, debtor), so
    that a repeated call says the same thing whatever changed in the customer's record meanwhile.
    """

    EFFECTFUL = (Status.QUEUED, Status.REMOVAL_QUEUED)

    # Keys without an index of their own: others begin with them, or nobody seeks by them.
    integration = models.ForeignKey(
        "integrations.Integration", models.PROTECT, related_name="+", db_index=False
    )
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="+", verbose_name="filial", db_index=False
    )
    provider = models.SlugField("intermediador", max_length=40, db_index=False)
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="restrictions", db_index=False
    )
    receivable = models.ForeignKey(Receivable, models.PROTECT, related_name="restrictions")
    form = models.CharField("forma", max_length=10, choices=Form.choices)
    status = models.CharField("situação", max_length=15, choices=Status.choices)
    unavailable = models.BooleanField("birô sem informação", default=False)

    restriction_code = models.CharField("código de restrição", max_length=10)
    contract_number = models.CharField("contrato", max_length=20)
    our_number = models.CharField("nosso número", max_length=20)
    amount = models.DecimalField("valor", max_digits=14, decimal_places=2)
    due_date = models.DateField("vencimento")
    fine = models.DecimalField("multa", max_digits=14, decimal_places=2, default=0, db_default=0)
    interest = models.DecimalField(
        "juros", max_digits=14, decimal_places=2, default=0, db_default=0
    )
    """Both are part of ``amount``; the rest is the principal."""
    debtor = models.JSONField()
    """The debtor as sent: ``document name sex birth_date mobile email address{…}``."""
    co_debtor = models.JSONField(null=True)
    """A second person who answers for the debt, in the same shape; null where there is none."""
    gate = models.JSONField(null=True)
    """What the legal gate answered when it was asked for: ``[[rule, state], …]``."""
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="replacements", db_index=False
    )
    """The listing whose correction this one is: a draft until that one is off."""
    correction = models.CharField(
        "o que corrige", max_length=20, choices=Correction.choices, blank=True, db_default=""
    )

    approval_reason = models.TextField("por que pede aprovação", blank=True, db_default="")
    """Empty where nobody else had to approve."""
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    approved_at = models.DateTimeField(null=True)

    protocol = models.CharField("protocolo", max_length=60, blank=True)
    bureau_version = models.BigIntegerField(default=0)
    bureau_status = models.CharField(max_length=20, blank=True)
    """The last status that the bureau told (``bureaus.contract.ListingStatus``)."""
    bureau_code = models.CharField(max_length=10, blank=True)
    notified_on = models.DateField("comunicado em", null=True)
    visible_on = models.DateField("visível em", null=True)

    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    requested_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)

    removal_reason = models.CharField(
        "motivo da baixa", max_length=20, blank=True, choices=RemovalReason.choices
    )
    removal_code = models.CharField("código de baixa", max_length=10, blank=True)
    removal_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    removal_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    removal_requested_at = models.DateTimeField(null=True)
    removal_form = models.CharField(
        "forma da baixa", max_length=10, choices=Form.choices, blank=True, db_default=""
    )
    removed_on = models.DateField("baixada em", null=True)

    class Meta:
        verbose_name = "negativação"
        verbose_name_plural = "negativações"
        constraints = [
            models.UniqueConstraint(
                fields=["receivable", "provider"],
                # A correction waits as a draft beside the listing that it replaces.
                condition=Q(status__in=LIVE) & (Q(replaces__isnull=True) | ~Q(status=Status.DRAFT)),
                name="restriction_one_live",
            ),
            models.UniqueConstraint(
                fields=["replaces"],
                condition=Q(status=Status.DRAFT, replaces__isnull=False),
                name="restriction_one_replacement",
            ),
            models.UniqueConstraint(
                fields=["integration", "protocol"],
                condition=~Q(protocol=""),
                name="restriction_protocol_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="restriction_status_known"
            ),
            models.CheckConstraint(
                condition=Q(fine__gte=0, interest__gte=0) & Q(amount__gt=F("fine") + F("interest")),
                name="restriction_amount_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("requested_by")),
                name="restriction_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[Status.DRAFT, Status.QUEUED, *FINAL]) | ~Q(protocol=""),
                name="restriction_at_bureau_has_protocol",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[Status.REMOVAL_QUEUED]) | ~Q(removal_code=""),
                name="restriction_removal_has_code",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.REFUSED) | ~Q(problem=""),
                name="restriction_refused_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=FINAL) | Q(due_at__isnull=True, unknown=False),
                name="restriction_final_is_at_rest",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[Status.QUEUED, Status.REMOVAL_QUEUED])
                | Q(due_at__isnull=False),
                name="restriction_queued_is_due",
            ),
            models.CheckConstraint(
                condition=~Q(unknown=True) | Q(status__in=[Status.QUEUED, Status.REMOVAL_QUEUED]),
                name="restriction_unknown_only_in_flight",
            ),
        ]
        indexes = [
            models.Index(
                fields=["integration", "due_at"],
                name="restriction_due",
                condition=Q(due_at__isnull=False),
            ),
            models.Index(F("customer"), F("id").desc(), name="restriction_by_customer"),
            models.Index(fields=["branch", "status", "-id"], name="restriction_by_status"),
            models.Index(
                fields=["due_date"],
                name="restriction_five_years",
                condition=Q(status__in=AT_BUREAU),
            ),
            models.Index(
                fields=["removed_on"],
                name="restriction_removed",
                condition=Q(removed_on__isnull=False),
            ),
            models.Index(fields=["-id"], name="restriction_live", condition=Q(status__in=LIVE)),
            models.Index(fields=["amount"], name="restriction_by_amount"),
            models.Index(
                fields=["removal_reason"],
                name="restriction_by_reason",
                condition=~Q(removal_reason=""),
            ),
            models.Index(
                fields=["-id"],
                name="restriction_unsettled",
                condition=Q(unknown=True, attempts__gt=0) & ~Q(problem=""),
            ),
            models.Index(
                fields=["branch", "id"],
                name="restriction_to_approve",
                condition=Q(status=Status.DRAFT, approved_at=None) & ~Q(approval_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"negativação nº {self.pk}"

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def can_come_off(self) -> bool:
        """Whether its removal may be asked for now."""
        return self.status in AT_BUREAU

    @property
    def awaits_approval(self) -> bool:
        return (
            self.status == Status.DRAFT and bool(self.approval_reason) and self.approved_at is None
        )

    @property
    def replaced(self) -> Restriction | None:
        """The wrong listing that must come off before this one goes; None where there is none."""
        old = self.replaces
        return old if old is not None and not old.is_final else None

    @property
    def principal(self) -> Decimal:
        """The debt itself, without fine and interest."""
        return self.amount - self.fine - self.interest

    @property
    def is_unsettled(self) -> bool:
        """A call left, its answer did not come, and the time to wait for it is over."""
        return self.unknown and self.attempts > 0 and bool(self.problem)

    @property
    def shown_status(self) -> str:
        """The code of its badge (``web.status``): the status, or what makes it doubtful."""
        if self.is_unsettled:
            return "unknown"
        if self.status == Status.DRAFT:
            return "awaiting_approval" if self.awaits_approval else "awaiting_removal"
        return "unavailable" if self.unavailable and not self.is_final else self.status


class RestrictionEvent(models.Model):
    """One thing that happened to a restriction. Append-only."""

    restriction = models.ForeignKey(Restriction, models.PROTECT, related_name="events")
    at = models.DateTimeField(db_default=Now())
    status_before = models.CharField(max_length=15, choices=Status.choices, blank=True)
    status = models.CharField(max_length=15, choices=Status.choices)
    """The status after it; the same as before where only news came."""
    source = models.CharField(max_length=10, choices=Source.choices)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    bureau_version = models.BigIntegerField(null=True)
    text = models.TextField()
    """What happened, in a sentence."""

    class Meta:
        verbose_name = "acontecimento"
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["restriction", "at", "id"], name="event_by_restriction")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(source=Source.PERSON) | Q(actor__isnull=False),
                name="event_of_person_names_actor",
            )
        ]

    def __str__(self) -> str:
        return self.text


class RemovalDuty(models.Model):
    """We must take a listing off by a day: why, since when, until when, and how it ended.

    Opened in the transaction that made it due (``duties``), closed by the database itself when the
    listing ends (migration ``0003``). At most one is open for a listing.
    """

    restriction = models.ForeignKey(Restriction, models.PROTECT, related_name="duties")
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    cause = models.CharField("motivo", max_length=20, choices=DutyCause.choices)
    starts_on = models.DateField("desde")
    """The day of the fact: money available, correction asked, order received."""
    due_on = models.DateField("retirar até")
    """The last day on which the removal is in time, included."""
    opened_at = models.DateTimeField(db_default=Now())
    reminded_on = models.DateField("lembrada em", null=True)
    escalated_on = models.DateField("levada ao gestor em", null=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField("como acabou", max_length=5, choices=DutyOutcome.choices, blank=True)

    class Meta:
        verbose_name = "prazo de baixa"
        verbose_name_plural = "prazos de baixa"
        constraints = [
            models.UniqueConstraint(
                fields=["restriction"], condition=Q(ended_at=None), name="duty_one_open"
            ),
            models.CheckConstraint(condition=Q(due_on__gte=F("starts_on")), name="duty_due_after"),
            models.CheckConstraint(
                condition=Q(ended_at=None, outcome="")
                | (Q(ended_at__isnull=False) & ~Q(outcome="")),
                name="duty_ended_says_how",
            ),
        ]
        indexes = [
            models.Index(
                fields=["branch", "due_on", "id"], name="duty_open", condition=Q(ended_at=None)
            ),
            models.Index(
                fields=["branch", "-due_on", "-id"],
                name="duty_late",
                condition=Q(outcome="late"),
            ),
        ]

    def __str__(self) -> str:
        return f"prazo de baixa nº {self.pk}"


class ReminderRefusal(models.Model):
    """A person whom the last round of reminders did not reach, the mail server being in the way.

    Each round writes the table anew (``reminders``).
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+"
    )
    refused_on = models.DateField("não aceito em")

    class Meta:
        verbose_name = "lembrete não aceito"
        verbose_name_plural = "lembretes não aceitos"

    def __str__(self) -> str:
        return f"lembrete que não chegou à pessoa nº {self.user_id}"
