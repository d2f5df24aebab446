"""A rule and its conditions in words. Pure: nothing is fetched here."""

from __future__ import annotations

from regua.inquiries.policy.models import PolicyRule, Terms
from regua.web import formats


def terms_sentence(terms: Terms) -> str:
    """``adesão antecipada, fidelidade de 12 meses e plano de até R$ 120,00``; '' without any."""
    parts = []
    if terms.advance_payment:
        parts.append("adesão antecipada")
    if terms.deposit is not None:
        parts.append(f"caução de {formats.brl(terms.deposit)}")
    if terms.fidelity_months:
        parts.append(f"fidelidade de {terms.fidelity_months} meses")
    if terms.plan_limit is not None:
        parts.append(f"plano de até {formats.brl(terms.plan_limit)}")
    return " e ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def rule_sentence(rule: PolicyRule) -> str:
    """What the rule asks and what follows, as one sentence."""
    return f"Regra {rule.position}: {rule.reason}"
