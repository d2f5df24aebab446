"""A branch's contract with a bureau, the bureau's tables, and every call made to it."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from regua.integrations import vault
from regua.integrations.choices import (
    CallOutcome,
    CatalogueKind,
    ChangeKind,
    CodeKind,
    Environment,
    PersonKind,
)
from regua.organization.models import Branch


class Integration(models.Model):
    """One branch's credentials, codes and flags at one bureau. A branch has at most one."""

    provider = models.SlugField("intermediador", max_length=40)
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="integrations", verbose_name="filial"
    )
    environment = models.CharField("ambiente", max_length=10, choices=Environment.choices)
    base_url = models.URLField("endereço da API", max_length=200)
    client_id_sealed = models.TextField(editable=False)
    client_secret_sealed = models.TextField(editable=False)
    webhook_secret_sealed = models.TextField(editable=False, blank=True)
    settings_sealed = models.TextField(editable=False, blank=True, default="", db_default="")
    """What else the provider's form asks, a JSON object."""
    webhook_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    token_sealed = models.TextField(editable=False, blank=True)
    token_expires_at = models.DateTimeField(null=True, editable=False)
    token_updated_at = models.DateTimeField("data atualização token", null=True, editable=False)

    automatic = models.BooleanField("incluir/remover automaticamente", default=False)
    restriction_code = models.CharField("código de restrição", max_length=10, blank=True)
    company_restriction_code = models.CharField(
        "cód. restrição pessoa jurídica", max_length=10, blank=True
    )
    removal_code = models.CharField("código para baixa", max_length=10, blank=True)

    calls_per_second = models.PositiveSmallIntegerField(
        "limite de chamadas por segundo",
        default=10,
        db_default=10,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
    )
    """What all workers together may ask of the bureau (see ``throttle``)."""

    listing_price = models.DecimalField(
        "preço de cada negativação", max_digits=8, decimal_places=2, null=True, blank=True
    )
    """Reais, from the contract: bureaus do not tell it. Null where nobody wrote it down."""

    linked_at = models.DateTimeField("vinculada à filial em", null=True, editable=False)
    archived_at = models.DateTimeField(null=True, editable=False)
    codes_synced_at = models.DateTimeField(null=True, editable=False)
    synced_until = models.DateTimeField(null=True, editable=False)
    """The bureau's instant up to which its change feed has been applied."""
    last_sync_at = models.DateTimeField(null=True, editable=False)
    problem = models.TextField(blank=True, editable=False)
    """The sentence of the last failure that concerns the whole integration."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "integração"
        verbose_name_plural = "integrações"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["branch"],
                condition=Q(archived_at=None),
                name="integration_once_per_branch",
            ),
            models.CheckConstraint(
                condition=Q(environment__in=Environment.values), name="integration_environment"
            ),
            models.CheckConstraint(
                condition=Q(linked_at=None)
                | ~Q(client_id_sealed="")
                | ~Q(client_secret_sealed="")
                | ~Q(settings_sealed=""),
                name="integration_linked_has_credentials",
            ),
            models.CheckConstraint(
                condition=Q(calls_per_second__range=(1, 1000)), name="integration_calls_per_second"
            ),
        ]

    def __str__(self) -> str:
        return f"nº {self.pk}"

    def _context(self, name: str) -> str:
        return vault.context(self._meta.db_table, name, self.pk)

    def seal(self, name: str, plain: str) -> None:
        """Set the encrypted ``name`` (``client_secret``, ``token``…); the caller saves."""
        if self.pk is None:
            raise ValueError("a secret is bound to its row: save the integration first")
        setattr(self, f"{name}_sealed", vault.seal(plain, self._context(name)) if plain else "")

    def unseal(self, name: str) -> str:
        sealed = getattr(self, f"{name}_sealed")
        return vault.unseal(sealed, self._context(name)) if sealed else ""

    def provider_settings(self) -> dict[str, str]:
        """The provider's own fields, by name. Raises ``VaultError``."""
        opened = self.unseal("settings")
        return dict(json.loads(opened)) if opened else {}


class Throttle(models.Model):
    """When an integration's bureau may be called: what all workers know of it together.

    A row of its own, written at every call (``throttle`` alone does): nothing here is indexed but
    the key and its pages are kept half empty, so that an update rewrites no index.
    """

    integration = models.OneToOneField(Integration, models.CASCADE, primary_key=True)
    next_at = models.DateTimeField(db_default=Now())
    """The next slot that nobody has taken yet."""
    hold_until = models.DateTimeField(null=True)
    """The bureau asked not to be called before (``Retry-After``)."""
    failures = models.PositiveIntegerField(default=0, db_default=0)
    """Consecutive failures of the bureau itself."""
    failing_since = models.DateTimeField(null=True)
    """The first of them."""
    openings = models.PositiveSmallIntegerField(default=0, db_default=0)
    """How often the breaker has opened since the bureau last answered."""
    open_until = models.DateTimeField(null=True)
    """The breaker is open; from this moment on one call may try. Null: closed."""

    class Meta:
        verbose_name = "ritmo das chamadas"

    def __str__(self) -> str:
        return f"ritmo da integração nº {self.integration_id}"


class Product(models.Model):
    """An inquiry that the bureau sells, as it last told us."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="products")
    code = models.CharField("código", max_length=30)
    name = models.CharField("nome", max_length=120)
    person_kind = models.CharField(max_length=1, choices=PersonKind.choices)
    price = models.DecimalField("preço", max_digits=14, decimal_places=2)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["price", "code"]
        constraints = [
            models.UniqueConstraint(fields=["integration", "code"], name="product_once"),
            models.CheckConstraint(condition=Q(price__gte=0), name="product_price"),
        ]

    def __str__(self) -> str:
        return self.name


class ReasonCode(models.Model):
    """One line of the bureau's restriction or removal table, as it last told us."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="reason_codes")
    kind = models.CharField(max_length=12, choices=CodeKind.choices)
    code = models.CharField("código", max_length=10)
    description = models.CharField("descrição", max_length=200)
    person_kind = models.CharField(max_length=1, choices=PersonKind.choices, default=PersonKind.ANY)
    reason = models.CharField("motivo", max_length=20, blank=True)
    """Our neutral reason (``bureaus.contract.NeutralReason``), removal codes only."""
    bureau_only = models.BooleanField(default=False)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["kind", "code"]
        constraints = [
            models.UniqueConstraint(fields=["integration", "kind", "code"], name="code_once"),
            models.CheckConstraint(condition=Q(kind__in=CodeKind.values), name="code_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.code} - {self.description}"


class CatalogueChange(models.Model):
    """One line of the bureau's tables that came, changed or vanished. Append-only."""

    integration = models.ForeignKey(
        Integration, models.CASCADE, related_name="catalogue_changes", db_index=False
    )
    at = models.DateTimeField()
    """All changes of one synchronisation share it (``Integration.codes_synced_at``)."""
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """Who asked for it; null for the system's own routines."""
    kind = models.CharField(max_length=12, choices=CatalogueKind.choices)
    code = models.CharField("código", max_length=30)
    change = models.CharField("mudança", max_length=10, choices=ChangeKind.choices)
    before: models.JSONField[Any, Any] = models.JSONField("antes", null=True)
    """The line as it was, by field; null where there was none."""
    after: models.JSONField[Any, Any] = models.JSONField("depois", null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=CatalogueKind.values), name="catalogue_change_kind"
            ),
            models.CheckConstraint(
                condition=Q(change__in=ChangeKind.values), name="catalogue_change_known"
            ),
        ]
        indexes = [
            models.Index(fields=["integration", "-id"], name="catalogue_change_by_owner"),
            models.Index(fields=["integration", "code", "-id"], name="catalogue_change_by_code"),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.get_change_display()}"


class BureauCall(models.Model):
    """One HTTP exchange with a bureau: written before it leaves, completed after. Redacted."""

    integration = models.ForeignKey(
        Integration, models.PROTECT, related_name="calls", db_index=False
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    """Who asked for it; null for the system's own routines."""
    purpose = models.CharField(max_length=40)
    subject = models.CharField(max_length=40, blank=True)
    """What it is about, as ``inquiry:12`` or ``restriction:7``."""
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=300)
    request = models.JSONField(null=True)
    started_at = models.DateTimeField(db_default=Now())
    duration_ms = models.PositiveIntegerField(null=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    response = models.JSONField(null=True)
    error = models.TextField(blank=True)
    outcome = models.CharField(
        max_length=10, choices=CallOutcome.choices, default=CallOutcome.PENDING
    )

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=CallOutcome.values), name="call_outcome_known"
            ),
            models.CheckConstraint(
                condition=~Q(outcome=CallOutcome.ANSWERED) | Q(http_status__isnull=False),
                name="call_answered_has_status",
            ),
        ]
        indexes = [
            models.Index(fields=["subject", "id"], name="call_by_subject"),
            models.Index(F("integration"), F("started_at").desc(), name="call_by_integration"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Outgoing(models.Model):
    """A row that a sender must bring to a bureau: what an intent and its sender share.

    ``due_at`` is when a sender should next take it (null: nothing to do). Taking it moves
    ``due_at`` past the lease, so that a killed sender's row comes up again by itself, and sets
    ``unknown`` where the call can have an effect: from that moment until an answer is recorded,
    nobody can say whether the bureau heard us, and whoever takes the row up again looks before
    repeating.
    """

    integration = models.ForeignKey(Integration, models.PROTECT, related_name="+")
    idempotency_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    due_at = models.DateTimeField(null=True, db_default=Now())
    attempts = models.PositiveIntegerField(default=0)
    unknown = models.BooleanField("a esclarecer", default=False)
    problem = models.TextField(blank=True)
    """Why it waits or was refused: a sentence for the person."""

    EFFECTFUL: tuple[str, ...] = ()
    """Statuses in which the sender's call changes something at the bureau."""

    class Meta:
        abstract = True
