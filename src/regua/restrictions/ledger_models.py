"""What the bureau tells unasked, and the comparison of its whole ledger with ours."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from regua.integrations import vault
from regua.integrations.models import Integration
from regua.receivables.models import Receivable
from regua.restrictions.ledger_choices import (
    OPEN_RUNS,
    DeliveryOutcome,
    DifferenceKind,
    Remedy,
    RunState,
)


class WebhookDelivery(models.Model):
    """One verified webhook, kept before it is acted upon. The bureau's event makes it unique."""

    # Ours to make: what is sealed is bound to its row before the row exists.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    integration = models.ForeignKey(Integration, models.PROTECT, related_name="+", db_index=False)
    event_id = models.CharField(max_length=120)
    """The bureau's own, or the hash of one that is too long or no plain text."""
    occurred_at = models.DateTimeField(null=True)
    """When the bureau says that it happened; null where that is no sensible moment."""
    received_at = models.DateTimeField(db_default=Now())
    protocol = models.CharField(max_length=60)
    reference = models.UUIDField(null=True)
    """Our own key, where the bureau gave one back."""
    version = models.BigIntegerField()
    record_sealed = models.TextField(editable=False)
    outcome = models.CharField(
        max_length=10, choices=DeliveryOutcome.choices, default=DeliveryOutcome.PENDING
    )
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "aviso do birô"
        verbose_name_plural = "avisos do birô"
        constraints = [
            models.UniqueConstraint(fields=["integration", "event_id"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(outcome__in=DeliveryOutcome.values), name="delivery_outcome_known"
            ),
            models.CheckConstraint(
                condition=Q(outcome=DeliveryOutcome.PENDING) | Q(settled_at__isnull=False),
                name="delivery_settled_says_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["integration", "received_at"],
                name="delivery_pending",
                condition=Q(outcome=DeliveryOutcome.PENDING),
            ),
            models.Index(
                fields=["integration", "protocol"],
                name="delivery_unmatched",
                condition=Q(outcome__in=[DeliveryOutcome.UNKNOWN, DeliveryOutcome.FAILED]),
            ),
            models.Index(
                fields=["settled_at"],
                name="delivery_settled",
                condition=Q(outcome__in=[DeliveryOutcome.APPLIED, DeliveryOutcome.STALE]),
            ),
        ]

    def __str__(self) -> str:
        return f"aviso do protocolo {self.protocol}"

    def _context(self) -> str:
        return vault.context(self._meta.db_table, "record", self.pk)

    def seal(self, record: str) -> None:
        self.record_sealed = vault.seal(record, self._context())

    def unseal(self) -> str:
        """Raises ``VaultError``."""
        return vault.unseal(self.record_sealed, self._context())


class SyncState(models.Model):
    """How an integration's last *Sincronizar status negativação* went, or goes."""

    integration = models.OneToOneField(
        Integration, models.CASCADE, primary_key=True, related_name="sync_state"
    )
    asked_at = models.DateTimeField(null=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    """Who pressed last; null where only the schedule asked."""
    started_at = models.DateTimeField(null=True)
    touched_at = models.DateTimeField(null=True)
    """The last sign of life of the run under way."""
    finished_at = models.DateTimeField(null=True)
    """Null while one is under way."""
    read = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    alien = models.PositiveIntegerField(default=0)
    """Records that the bureau has and we do not know."""
    problem = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"sincronização da integração {self.integration_id}"

    @property
    def is_waiting(self) -> bool:
        """Asked for and not begun."""
        return self.asked_at is not None and (
            self.started_at is None or self.started_at < self.asked_at
        )

    @property
    def is_open(self) -> bool:
        return self.is_waiting or (self.started_at is not None and self.finished_at is None)


class Reconciliation(models.Model):
    """One reading of the bureau's whole ledger and its comparison with ours."""

    integration = models.ForeignKey(Integration, models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.QUEUED)
    asked_at = models.DateTimeField(db_default=Now())
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    """Null for the weekly routine."""
    started_at = models.DateTimeField(null=True)
    """What has changed here since then is not compared."""
    touched_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cursor = models.TextField(blank=True)
    """Where reading goes on; every page moves it in the transaction that stages its lines."""
    read_out = models.BooleanField(default=False)
    """The bureau's last page has been read."""
    read = models.PositiveIntegerField(default=0)
    """Lines of the bureau's ledger, repetitions included while reading."""
    ours = models.PositiveIntegerField(default=0)
    """Listings of ours that were at the bureau's side."""
    failures = models.PositiveSmallIntegerField(default=0)
    """In a row, since the last page that came."""
    problem = models.TextField(blank=True)

    class Meta:
        verbose_name = "conciliação"
        verbose_name_plural = "conciliações"
        constraints = [
            models.UniqueConstraint(
                fields=["integration"],
                condition=Q(state__in=OPEN_RUNS),
                name="reconciliation_one_open",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RunState.values), name="reconciliation_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["integration", "-id"], name="reconciliation_by_owner"),
        ]

    def __str__(self) -> str:
        return f"conciliação nº {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_RUNS


class LedgerLine(models.Model):
    """A line of the bureau's ledger while it is being compared; gone when the run ends."""

    run = models.ForeignKey(Reconciliation, models.CASCADE, related_name="lines", db_index=False)
    protocol = models.CharField(max_length=60)
    reference = models.UUIDField(null=True)
    document = models.CharField(max_length=20)
    contract = models.TextField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    due_date = models.DateField()
    status = models.CharField(max_length=20)
    version = models.BigIntegerField()
    restriction = models.ForeignKey(
        "restrictions.Restriction", models.CASCADE, null=True, related_name="+", db_index=False
    )
    receivable = models.ForeignKey(
        Receivable, models.CASCADE, null=True, related_name="+", db_index=False
    )
    """The debt of ours that it seems to be about, where no listing of ours is."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "protocol"], name="ledger_line_once")]
        indexes = [models.Index(fields=["run", "restriction"], name="ledger_line_paired")]

    def __str__(self) -> str:
        return self.protocol


class Difference(models.Model):
    """One thing in which the two ledgers disagree, and what was done about it."""

    run = models.ForeignKey(
        Reconciliation, models.CASCADE, related_name="differences", db_index=False
    )
    kind = models.CharField(max_length=12, choices=DifferenceKind.choices)
    restriction = models.ForeignKey(
        "restrictions.Restriction", models.PROTECT, null=True, related_name="+"
    )
    """Ours; for what only the bureau has, the one that ended here, or the one adopted."""
    receivable = models.ForeignKey(
        Receivable, models.PROTECT, null=True, related_name="+", db_index=False
    )
    protocol = models.CharField(max_length=60)
    document = models.CharField(max_length=20)
    """Masked."""
    contract = models.CharField(max_length=60)
    their_status = models.CharField(max_length=20, blank=True)
    """In our words (``choices.Status``); empty where the bureau has nothing."""
    their_amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    their_due_date = models.DateField(null=True)
    our_status = models.CharField(max_length=15, blank=True)
    our_amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    our_due_date = models.DateField(null=True)

    remedy = models.CharField(max_length=12, choices=Remedy.choices, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    asked_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    result = models.TextField(blank=True)
    """What became of the remedy, or why it was not applied: a sentence for the person."""

    class Meta:
        verbose_name = "diferença"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=DifferenceKind.values), name="difference_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(remedy="", done_at=None)
                | (Q(asked_by__isnull=False, asked_at__isnull=False) & ~Q(remedy="")),
                name="difference_remedy_names_actor",
            ),
        ]
        indexes = [
            models.Index(fields=["run", "kind", "id"], name="difference_by_kind"),
            models.Index(fields=["protocol"], name="difference_by_protocol"),
            models.Index(
                fields=["run", "id"],
                name="difference_to_do",
                condition=~Q(remedy="") & Q(done_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.protocol}"

    @property
    def is_waiting(self) -> bool:
        return bool(self.remedy) and self.done_at is None
