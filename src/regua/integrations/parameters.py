"""*Configurações › Parâmetros gerais*: *Análise de crédito* and *Negativação*."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.organization.models import GeneralParameters, ParameterChange

ANALYSIS = ("credit_analysis", "inquiry_interval_days", "report_retention_days")
LISTING = (
    "listing_min_days",
    "listing_min_amount",
    "listing_max_amount",
    "telecom_profile",
    "require_debt_document",
    "amount_updated",
    "fine_percent",
    "interest_percent",
    "approval_amount",
    "approval_batch",
)
NAMES = (*ANALYSIS, *LISTING)
MAX_FINE, MAX_INTEREST = Decimal(2), Decimal(1)
"""Percent (CDC, art. 52, § 1º; 1 % a month is the practice)."""
MAX_AMOUNT = Decimal("999999999999.99")
REASON_LENGTH = 10
_RANGES: dict[str, tuple[int | Decimal, int | Decimal, bool, str]] = {
    # name: least, most, may be empty, what to say
    "inquiry_interval_days": (1, 3650, True, "Escreva de 1 a 3.650 dias, ou deixe vazio."),
    "report_retention_days": (1, 36500, False, "Escreva de 1 a 36.500 dias."),
    "listing_min_days": (0, 1825, False, "Escreva de 0 a 1.825 dias."),
    "listing_min_amount": (0, MAX_AMOUNT, False, "Escreva um valor a partir de R$ 0,00."),
    "listing_max_amount": (
        Decimal("0.01"),
        MAX_AMOUNT,
        True,
        "Escreva um valor acima de zero, ou deixe vazio.",
    ),
    "fine_percent": (0, MAX_FINE, False, "A multa vai de 0 a 2 % (CDC, art. 52, § 1º)."),
    "interest_percent": (0, MAX_INTEREST, False, "Os juros vão de 0 a 1 % ao mês."),
    "approval_amount": (0, MAX_AMOUNT, True, "Escreva um valor, ou deixe vazio."),
    "approval_batch": (1, 1_000_000, True, "Escreva pelo menos 1, ou deixe vazio."),
}


def parameters_update(*, actor: User, reason: str = "", **values: Any) -> GeneralParameters:
    """Change general parameters (those of ``NAMES``); each change is kept with who made it.

    Turning ``telecom_profile`` off takes a ``reason``, which is kept too. Raises
    ``ValidationError`` with a sentence per field; nothing is changed then.
    """
    require(actor, Permission.MANAGE_PARAMETERS)
    unknown = set(values) - set(NAMES)
    if unknown:
        raise TypeError(f"unexpected parameters: {sorted(unknown)}")
    if problems := _out_of_range(values):
        raise ValidationError(problems)
    with transaction.atomic():
        GeneralParameters.objects.bulk_create([GeneralParameters(pk=1)], ignore_conflicts=True)
        row = GeneralParameters.objects.select_for_update().get(pk=1)
        before = {name: getattr(row, name) for name in values}
        for name, value in values.items():
            setattr(row, name, value)
        most = row.listing_max_amount
        if most is not None and most < row.listing_min_amount:
            raise ValidationError(
                {"listing_max_amount": "O máximo não pode ser menor que o mínimo."}
            )
        turned_off = before.get("telecom_profile", False) and not row.telecom_profile
        reason = reason.strip() if turned_off else ""
        if turned_off and len(reason) < REASON_LENGTH:
            raise ValidationError(
                {
                    "reason": "Explique por que a empresa deixa de exigir as regras da Anatel: "
                    "a decisão fica guardada com o seu nome."
                }
            )
        row.save()
        ParameterChange.objects.bulk_create(
            ParameterChange(
                name=name,
                before=_plain(before[name]),
                after=_plain(value),
                reason=reason if name == "telecom_profile" else "",
                actor=actor,
            )
            for name, value in values.items()
            if value != before[name]
        )
    return row


def _out_of_range(values: dict[str, Any]) -> dict[str, str]:
    problems = {}
    for name, (least, most, may_be_empty, sentence) in _RANGES.items():
        value = values.get(name, least)
        if value is None:
            fits = may_be_empty
        else:
            fits = least <= value <= most
        if not fits:
            problems[name] = sentence
    return problems


def _plain(value: Any) -> Any:
    """What JSON can hold: an amount as text, to the cent."""
    return str(value) if isinstance(value, Decimal) else value


def parameter_changes() -> QuerySet[ParameterChange]:
    """The newest first, with who made them."""
    return ParameterChange.objects.filter(name__in=NAMES).select_related("actor")
