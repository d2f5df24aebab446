"""A rule and its conditions in words. Pure: nothing is fetched here."""

from __future__ import annotations

from regua.inquiries.policy.models import PolicyRule, Terms
from regua.web import formats


def terms_sentence(terms: Terms) -> str:
    """``com adesão antecipada, fidelidade de 12 meses``; '' where there are no conditions."""
    parts = []
    if terms.advance_payment:
        parts.append("adesão antecipada")
    if terms.deposit is not None:
        parts.append(f"caução de {formats.brl(terms.deposit)}")
    if terms.fidelity_months:
        parts.append(f"fidelidade de {terms.fidelity_months} meses")
    if terms.plan_limit is not None:
        parts.append(f"plano de até {formats.brl(terms.plan_limit)}")
    return f"com {', '.join(parts)}" if parts else ""


def rule_sentence(rule: PolicyRule) -> str:
    """What the rule asks and what follows, as one sentence."""
    return f"{rule.reason.rstrip('.')} → {rule.get_outcome_display()}"
