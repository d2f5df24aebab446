"""The credit policy of a branch, its decisions, and what people decided over them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from regua.inquiries.choices import DocumentStanding, Outcome, PolicyStatus
from regua.integrations.choices import PersonKind
from regua.organization.models import Branch


class CreditPolicy(models.Model):
    """One version of a branch's ordered rules. What was activated never changes again."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField("versão")
    status = models.CharField(
        max_length=10, choices=PolicyStatus.choices, default=PolicyStatus.DRAFT
    )
    note = models.CharField("o que mudou", max_length=200, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    activated_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "política de crédito"
        verbose_name_plural = "políticas de crédito"
        ordering = ["branch", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["branch", "version"], name="policy_version_once"),
            models.UniqueConstraint(
                fields=["branch"], condition=Q(status="active"), name="policy_one_active"
            ),
            models.UniqueConstraint(
                fields=["branch"], condition=Q(status="draft"), name="policy_one_draft"
            ),
            models.CheckConstraint(
                condition=Q(status__in=PolicyStatus.values), name="policy_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(activated_at__isnull=False),
                name="policy_activated_when",
            ),
        ]

    def __str__(self) -> str:
        return f"versão {self.version}"


class Terms(models.Model):
    """On what conditions credit is given; all empty where it is given without any."""

    advance_payment = models.BooleanField("adesão antecipada", default=False)
    deposit = models.DecimalField("caução", max_digits=14, decimal_places=2, null=True, blank=True)
    """BRL."""
    fidelity_months = models.PositiveSmallIntegerField("fidelidade", null=True, blank=True)
    plan_limit = models.DecimalField(
        "plano até", max_digits=14, decimal_places=2, null=True, blank=True
    )
    """The dearest monthly price that may be sold, BRL."""

    class Meta:
        abstract = True

    @property
    def has_terms(self) -> bool:
        return bool(
            self.advance_payment
            or self.deposit is not None
            or self.fidelity_months
            or self.plan_limit is not None
        )


def _span(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(**{f"{name}_from__isnull": True})
        | Q(**{f"{name}_to__isnull": True})
        | Q(**{f"{name}_from__lte": F(f"{name}_to")}),
        name=f"policy_rule_{name}_span",
    )


class PolicyRule(Terms):
    """If everything asked here is so, then this outcome. The first rule that fits decides.

    An empty bound asks nothing; a bound on what the bureau did not tell is not met.
    """

    policy = models.ForeignKey(CreditPolicy, models.CASCADE, related_name="rules")
    position = models.PositiveSmallIntegerField()
    person_kind = models.CharField(
        "para", max_length=1, choices=PersonKind.choices, default=PersonKind.ANY
    )
    document_standing = models.CharField(
        "situação do documento",
        max_length=10,
        choices=DocumentStanding.choices,
        default=DocumentStanding.ANY,
    )
    without_score = models.BooleanField("só sem score", default=False)
    score_from = models.PositiveSmallIntegerField("score de", null=True, blank=True)
    score_to = models.PositiveSmallIntegerField("score até", null=True, blank=True)
    pendings_from = models.PositiveIntegerField("pendências de", null=True, blank=True)
    pendings_to = models.PositiveIntegerField("pendências até", null=True, blank=True)
    amount_from = models.DecimalField(
        "soma das pendências de", max_digits=14, decimal_places=2, null=True, blank=True
    )
    amount_to = models.DecimalField(
        "soma das pendências até", max_digits=14, decimal_places=2, null=True, blank=True
    )
    newest_from = models.PositiveSmallIntegerField(
        "meses da pendência mais nova, de", null=True, blank=True
    )
    newest_to = models.PositiveSmallIntegerField(
        "meses da pendência mais nova, até", null=True, blank=True
    )
    age_from = models.PositiveSmallIntegerField("meses de vida de", null=True, blank=True)
    """Whole months since the person was born or the company was opened."""
    age_to = models.PositiveSmallIntegerField("meses de vida até", null=True, blank=True)
    outcome = models.CharField("resultado", max_length=10, choices=Outcome.choices)
    reason = models.CharField("motivo", max_length=200)
    """The sentence that the attendant reads and the consumer is told."""

    class Meta:
        verbose_name = "regra"
        ordering = ["policy", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "position"],
                name="policy_rule_position",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="policy_rule_outcome"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="policy_rule_reason"),
            models.CheckConstraint(
                condition=Q(without_score=False) | Q(score_from=None, score_to=None),
                name="policy_rule_score_or_none",
            ),
            models.CheckConstraint(
                condition=Q(score_to__isnull=True) | Q(score_to__lte=1000),
                name="policy_rule_score_range",
            ),
            *(_span(name) for name in ("score", "pendings", "amount", "newest", "age")),
        ]

    def __str__(self) -> str:
        return f"regra {self.position}"


class Decision(models.Model):
    """What the policy in force said of an inquiry, and on what facts (LGPD, art. 20)."""

    inquiry = models.OneToOneField(
        "inquiries.Inquiry", models.PROTECT, primary_key=True, related_name="decision"
    )
    policy = models.ForeignKey(CreditPolicy, models.PROTECT, related_name="+")
    rule = models.ForeignKey(PolicyRule, models.PROTECT, null=True, related_name="+")
    """The rule that fitted; None where none did, and a person has to look."""
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    facts: models.JSONField[Any, Any] = models.JSONField()
    """What was looked at: the inquiry's columns that rules ask about, as they were."""
    decided_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "decisão"
        verbose_name_plural = "decisões"
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="decision_outcome"
            ),
        ]

    def __str__(self) -> str:
        return f"decisão da consulta nº {self.pk}"


class DecisionOverride(Terms):
    """A person decided otherwise, and why. The newest one holds. Append-only."""

    inquiry = models.ForeignKey(
        "inquiries.Inquiry", models.PROTECT, related_name="overrides", db_column="inquiry_id"
    )
    outcome = models.CharField("resultado", max_length=10, choices=Outcome.choices)
    reason = models.CharField("motivo", max_length=300)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "revisão da decisão"
        verbose_name_plural = "revisões da decisão"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="decision_override_outcome"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="decision_override_reason"),
        ]

    def __str__(self) -> str:
        return f"revisão nº {self.pk}"
