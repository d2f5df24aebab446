"""Writing a branch's credit policy, putting it in force, and deciding over it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.inquiries.choices import DocumentStanding, Outcome, PolicyStatus
from regua.inquiries.models import Inquiry
from regua.inquiries.policy.models import CreditPolicy, DecisionOverride, PolicyRule
from regua.organization.models import Branch

TERMS = ("advance_payment", "deposit", "fidelity_months", "plan_limit")
CONDITIONS = (
    "person_kind",
    "document_standing",
    "without_score",
    "score_from",
    "score_to",
    "pendings_from",
    "pendings_to",
    "amount_from",
    "amount_to",
    "newest_from",
    "newest_to",
    "age_from",
    "age_to",
)
RULE_FIELDS = (*CONDITIONS, "outcome", "reason", *TERMS)

SENSIBLE: tuple[dict[str, Any], ...] = (
    {
        "document_standing": DocumentStanding.IRREGULAR,
        "outcome": Outcome.DENY,
        "reason": "A situação do documento na Receita Federal não é regular.",
    },
    {
        "amount_from": "2000.00",
        "newest_to": 12,
        "outcome": Outcome.DENY,
        "reason": "Pendências recentes que somam R$ 2.000,00 ou mais.",
    },
    {
        "score_from": 600,
        "pendings_to": 0,
        "outcome": Outcome.APPROVE,
        "reason": "Score alto e nenhuma pendência.",
    },
    {
        "score_from": 400,
        "amount_to": "500.00",
        "outcome": Outcome.CONDITIONS,
        "advance_payment": True,
        "reason": "Score médio ou pendências pequenas.",
    },
    {
        "without_score": True,
        "outcome": Outcome.REVIEW,
        "reason": "O birô não calculou score para este documento.",
    },
    {
        "score_from": 200,
        "outcome": Outcome.CONDITIONS,
        "advance_payment": True,
        "fidelity_months": 12,
        "plan_limit": "120.00",
        "reason": "Score baixo.",
    },
    {"outcome": Outcome.DENY, "reason": "Score muito baixo."},
)
"""A policy to start from; the figures are a beginning, not advice."""


def policy_draft(*, branch: Branch, actor: User) -> CreditPolicy:
    """The branch's draft: the one there is, or a new one that starts from what is in force."""
    require(actor, Permission.MANAGE_CREDIT_POLICY, branch_id=branch.pk)
    with transaction.atomic():
        Branch.objects.select_for_update().get(pk=branch.pk)
        policies = CreditPolicy.objects.filter(branch=branch)
        draft = policies.filter(status=PolicyStatus.DRAFT).first()
        if draft is not None:
            return draft
        last: int = policies.aggregate(Max("version"))["version__max"] or 0
        draft = CreditPolicy.objects.create(branch=branch, version=last + 1, created_by=actor)
        active = policies.filter(status=PolicyStatus.ACTIVE).first()
        rules: list[dict[str, Any]] = (
            list(active.rules.order_by("position").values(*RULE_FIELDS))
            if active
            else list(SENSIBLE)
        )
        PolicyRule.objects.bulk_create(
            PolicyRule(policy=draft, position=position, **fields)
            for position, fields in enumerate(rules, start=1)
        )
    return draft


def policy_discard(*, policy: CreditPolicy, actor: User) -> None:
    """Throw a draft away. Raises ``ValidationError`` where it is in force or was."""
    with _editing(policy, actor) as locked:
        locked.delete()


def rule_save(
    *, policy: CreditPolicy, actor: User, rule: PolicyRule | None = None, **fields: Any
) -> PolicyRule:
    """Add a rule at the end of a draft, or change one. ``fields`` are those of ``RULE_FIELDS``.

    Raises ``ValidationError`` with a sentence per field.
    """
    unknown = set(fields) - set(RULE_FIELDS)
    if unknown:
        raise TypeError(f"unexpected fields: {sorted(unknown)}")
    with _editing(policy, actor) as locked:
        if rule is None:
            last: int = locked.rules.aggregate(Max("position"))["position__max"] or 0
            saved = PolicyRule(policy=locked, position=last + 1)
        else:
            saved = locked.rules.get(pk=rule.pk)
        for name, value in fields.items():
            setattr(saved, name, value)
        _check_rule(saved)
        saved.save()
    return saved


def rule_move(*, rule: PolicyRule, actor: User, up: bool) -> None:
    """Swap a draft's rule with its neighbour; at the end of the row nothing happens."""
    with _editing(rule.policy, actor) as locked:
        rules = list(locked.rules.order_by("position"))
        at = next(i for i, other in enumerate(rules) if other.pk == rule.pk)
        to = at - 1 if up else at + 1
        if 0 <= to < len(rules):
            rules[at].position, rules[to].position = rules[to].position, rules[at].position
            PolicyRule.objects.bulk_update([rules[at], rules[to]], ["position"])


def rule_delete(*, rule: PolicyRule, actor: User) -> None:
    with _editing(rule.policy, actor) as locked:
        locked.rules.filter(pk=rule.pk).delete()


def policy_activate(*, policy: CreditPolicy, actor: User, note: str = "") -> CreditPolicy:
    """Put a draft in force in its branch; what was in force becomes history.

    It decides the inquiries answered from now on. Raises ``ValidationError``.
    """
    with _editing(policy, actor) as locked:
        if not locked.rules.exists():
            raise ValidationError(
                "Esta política não tem regras. Nada mudou. Acrescente ao menos uma e ative-a."
            )
        now = timezone.now()
        CreditPolicy.objects.filter(branch=locked.branch, status=PolicyStatus.ACTIVE).update(
            status=PolicyStatus.RETIRED, retired_at=now
        )
        locked.status = PolicyStatus.ACTIVE
        locked.activated_by, locked.activated_at = actor, now
        locked.note = note.strip()[:200]
        locked.save()
    return locked


def policy_retire(*, policy: CreditPolicy, actor: User) -> None:
    """Take the policy out of force: from now on the branch's inquiries have no decision."""
    require(actor, Permission.MANAGE_CREDIT_POLICY, branch_id=policy.branch_id)
    CreditPolicy.objects.filter(pk=policy.pk, status=PolicyStatus.ACTIVE).update(
        status=PolicyStatus.RETIRED, retired_at=timezone.now()
    )


def decision_override(
    *, inquiry: Inquiry, actor: User, outcome: str, reason: str, **terms: Any
) -> DecisionOverride:
    """Decide otherwise than the policy, and say why (LGPD, art. 20). ``terms``: ``TERMS``.

    Raises ``ValidationError`` with a sentence per field.
    """
    require(actor, Permission.OVERRIDE_DECISION, branch_id=inquiry.branch_id)
    if outcome not in Outcome.values:
        raise ValidationError({"outcome": "Escolha o resultado."})
    if not reason.strip():
        raise ValidationError({"reason": "Escreva o motivo: ele fica com a consulta."})
    override = DecisionOverride(
        inquiry=inquiry, actor=actor, outcome=outcome, reason=reason.strip()[:300], **terms
    )
    _check_terms(override)
    with transaction.atomic():
        locked = Inquiry.objects.select_for_update(of=["self"]).get(pk=inquiry.pk)
        if locked.status != Inquiry.Status.ANSWERED:
            raise ValidationError(
                "Esta consulta ainda não foi respondida. Nada mudou. Espere a resposta do birô."
            )
        override.save()
        Inquiry.objects.filter(pk=locked.pk).update(outcome=outcome)
    inquiry.outcome = outcome
    return override


@contextmanager
def _editing(policy: CreditPolicy, actor: User) -> Iterator[CreditPolicy]:
    """Hold a draft still while it is changed; the rules of what was in force are history."""
    require(actor, Permission.MANAGE_CREDIT_POLICY, branch_id=policy.branch_id)
    with transaction.atomic():
        locked = CreditPolicy.objects.select_for_update().filter(pk=policy.pk).first()
        if locked is None or locked.status != PolicyStatus.DRAFT:
            raise ValidationError(
                "Só um rascunho pode ser mudado. Nada mudou. Abra um rascunho novo a partir da "
                "política em vigor."
            )
        yield locked


def _check_rule(rule: PolicyRule) -> None:
    problems: dict[str, str] = {}
    for name in ("score", "pendings", "amount", "newest", "age"):
        low, high = getattr(rule, f"{name}_from"), getattr(rule, f"{name}_to")
        if low is not None and high is not None and low > high:
            problems[f"{name}_to"] = "O fim da faixa vem antes do começo."
    if rule.without_score and (rule.score_from is not None or rule.score_to is not None):
        problems["without_score"] = "Sem score não há faixa de score: deixe só um dos dois."
    for name in ("score_from", "score_to"):
        if (getattr(rule, name) or 0) > 1000:
            problems[name] = "O score vai de 0 a 1.000."
    if rule.outcome not in Outcome.values:
        problems["outcome"] = "Escolha o resultado."
    if not rule.reason.strip():
        problems["reason"] = "Escreva o motivo: ele é lido por quem atende e pelo consumidor."
    if problems:
        raise ValidationError(problems)
    rule.reason = rule.reason.strip()
    _check_terms(rule)


def _check_terms(terms: PolicyRule | DecisionOverride) -> None:
    if terms.outcome == Outcome.CONDITIONS and not terms.has_terms:
        raise ValidationError(
            {
                "outcome": "Diga ao menos uma condição: adesão antecipada, caução, fidelidade ou "
                "limite de plano."
            }
        )
    if terms.outcome != Outcome.CONDITIONS and terms.has_terms:
        raise ValidationError(
            {"outcome": "Condições só valem para o resultado Aprovar com condições."}
        )
