"""Programs that call the API, how often they did, and what was answered to their POSTs."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from regua.organization.models import Branch


class ApiToken(models.Model):
    """A program's key. It acts as ``owner``, within its scopes and branches; only a hash is kept.

    Without ``branches`` it works in all of its owner's.
    """

    application = models.CharField("aplicação", max_length=80)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="api_tokens",
        verbose_name="age em nome de",
    )
    prefix = models.CharField("começa com", max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    """SHA-256 of the token, which has 256 random bits."""
    scopes = ArrayField(models.CharField(max_length=30), verbose_name="escopos")
    branches = models.ManyToManyField(Branch, blank=True, related_name="+", verbose_name="filiais")
    calls_per_minute = models.PositiveIntegerField(
        "chamadas por minuto",
        default=600,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
    )
    expires_at = models.DateTimeField("vale até", null=True, blank=True)
    last_used_at = models.DateTimeField("último uso", null=True)
    """Right to the minute."""
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "acesso da API"
        verbose_name_plural = "acessos da API"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(application=""), name="api_token_named"),
            models.CheckConstraint(condition=~Q(scopes=[]), name="api_token_scoped"),
            models.CheckConstraint(
                condition=Q(calls_per_minute__gte=1), name="api_token_calls_per_minute"
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="api_token_revoked_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.application


class ApiUsage(models.Model):
    """How often a token was used in the current minute: all processes count here."""

    token = models.OneToOneField(ApiToken, models.CASCADE, primary_key=True, related_name="usage")
    minute = models.DateTimeField()
    calls = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"uso do acesso {self.token_id}"


class ApiAnswer(models.Model):
    """What a POST with this key was answered, so that repeating it repeats nothing. Kept a day."""

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=120)
    request_digest = models.CharField(max_length=64)
    """SHA-256 of method, path and body."""
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token", "key"], name="api_answer_once"),
        ]
        indexes = [models.Index(fields=["created_at"], name="api_answer_by_age")]

    def __str__(self) -> str:
        return f"resposta nº {self.pk}"
