"""Who is told of what happens here, what each was told, and how far the telling has come."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from regua.integrations import vault
from regua.organization.models import Branch
from regua.webhooks.choices import TYPES, DeliveryStatus, DisabledReason, WatchKind


class WebhookEndpoint(models.Model):
    """An address that is told of events, and the secret that its messages are signed with."""

    name = models.CharField("nome", max_length=60)
    url = models.URLField("endereço", max_length=300)
    branch = models.ForeignKey(
        Branch, models.PROTECT, null=True, related_name="+", verbose_name="filial"
    )
    """Null: of every branch."""
    events: models.JSONField[Any, Any] = models.JSONField("acontecimentos")
    """Codes of ``EventType``."""
    secret_sealed = models.TextField(editable=False, blank=True)
    previous_sealed = models.TextField(editable=False, blank=True, db_default="")
    """The secret before the last rotation, which signs too until ``previous_until``."""
    previous_until = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(
        max_length=10, choices=DisabledReason.choices, blank=True, db_default=""
    )
    disabled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    noticed_at = models.DateTimeField(null=True)
    """When the administrators were told that it was disabled by itself."""
    failures = models.PositiveIntegerField(default=0, db_default=0)
    """Attempts in a row that failed."""
    failing_since = models.DateTimeField(null=True)
    """The first of them."""
    hold_until = models.DateTimeField(null=True)
    """Nothing is tried before: it keeps failing."""

    class Meta:
        verbose_name = "webhook"
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(disabled_at=None, disabled_reason="")
                | (Q(disabled_at__isnull=False) & ~Q(disabled_reason="")),
                name="webhook_disabled_says_why",
            ),
            models.CheckConstraint(
                condition=Q(previous_sealed="", previous_until=None)
                | (~Q(previous_sealed="") & Q(previous_until__isnull=False)),
                name="webhook_previous_ends",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def active(self) -> bool:
        return self.disabled_at is None

    @property
    def stopped(self) -> bool:
        """Disabled, and by nobody's wish."""
        return self.disabled_reason in (DisabledReason.GONE, DisabledReason.FAILING)

    def _context(self) -> str:
        # The same for both secrets: the new one's text is moved when it becomes the old one.
        return vault.context(self._meta.db_table, "secret", self.pk)

    def seal(self, plain: str) -> str:
        if self.pk is None:
            raise ValueError("a secret is bound to its row: save the endpoint first")
        return vault.seal(plain, self._context())

    def unseal(self, sealed: str) -> str:
        """Raises ``VaultError``."""
        return vault.unseal(sealed, self._context())


class WebhookDelivery(models.Model):
    """One event on its way to one endpoint, and what came of it. Sending again adds a row."""

    endpoint = models.ForeignKey(
        WebhookEndpoint, models.PROTECT, related_name="deliveries", db_index=False
    )
    event_id = models.CharField("acontecimento", max_length=60)
    """The ``webhook-id``: the same at every attempt and replay, so that a receiver knows it."""
    type = models.CharField("tipo", max_length=40)
    payload: models.JSONField[Any, Any] = models.JSONField()
    """The body: ids, codes and statuses; no name, no CPF."""
    created_at = models.DateTimeField(db_default=Now())
    status = models.CharField(
        "situação", max_length=10, choices=DeliveryStatus.choices, db_default="pending"
    )
    due_at = models.DateTimeField(null=True, db_default=Now())
    """When it is tried next; while one tries, when another may take it for left behind."""
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    attempted_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    duration_ms = models.PositiveIntegerField(null=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    error = models.TextField(blank=True, db_default="")
    """Why the last attempt failed: a sentence for the person."""
    answer = models.TextField(blank=True, db_default="")
    """The beginning of what was answered, documents and secrets masked."""
    replays = models.ForeignKey(
        "self", models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    """The row that this one sends again; it may be forgotten by now."""
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    """Who sent it again or sent a test."""

    class Meta:
        verbose_name = "entrega"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "event_id"],
                condition=Q(replays=None),
                name="webhook_event_once",
            ),
            models.CheckConstraint(
                condition=Q(status="pending", due_at__isnull=False)
                | (~Q(status="pending") & Q(due_at=None)),
                name="webhook_pending_is_due",
            ),
            models.CheckConstraint(
                condition=Q(status__in=DeliveryStatus.values), name="webhook_status_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "due_at", "id"],
                name="webhook_due",
                condition=Q(due_at__isnull=False),
            ),
            models.Index(fields=["endpoint", "-id"], name="webhook_log"),
            models.Index(
                fields=["endpoint", "-id"], name="webhook_failed", condition=Q(status="failed")
            ),
        ]

    def __str__(self) -> str:
        return self.event_id

    @property
    def type_label(self) -> str:
        return TYPES.get(self.type, self.type)


class EventSource(models.Model):
    """How far a table of this product has been read for events (``horizon``)."""

    name = models.CharField(max_length=40, primary_key=True)
    cursor = models.BigIntegerField(null=True)
    """Every row up to this id is told. Null: nobody has looked yet."""
    horizon = models.BigIntegerField(null=True)
    """The last id given out when ``holders`` were still writing."""
    holders: models.JSONField[Any, Any] = models.JSONField(default=list)

    class Meta:
        verbose_name = "fonte de acontecimentos"
        verbose_name_plural = "fontes de acontecimentos"

    def __str__(self) -> str:
        return self.name


class EventWatch(models.Model):
    """A row seen at its beginning whose later turn is an event: told once, then forgotten."""

    kind = models.CharField(max_length=10, choices=WatchKind.choices)
    row_id = models.BigIntegerField()

    class Meta:
        verbose_name = "acontecimento esperado"
        verbose_name_plural = "acontecimentos esperados"
        constraints = [
            models.UniqueConstraint(fields=["kind", "row_id"], name="event_watch_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} nº {self.row_id}"
