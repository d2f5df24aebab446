"""The amount that is listed: what is owed, or what is owed with fine and interest.

The fine is at most 2 % (CDC, art. 52, § 1º). Interest is simple, at most 1 % a month, charged by
the day over a commercial month of 30 days: from the day after the due date to the day of the
request, both included. Each item is rounded to the cent by itself, halves upwards, so that the
items a debtor sees add up to the sum. All of them rest on the open amount: what a partial payment
has settled bears nothing any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from regua.organization.models import GeneralParameters
from regua.receivables.models import Receivable
from regua.restrictions.models import Restriction
from regua.web import formats

MONTH = 30
"""Days of a month, where interest is charged by the day."""
_CENT = Decimal("0.01")
_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Amount:
    """In reais, each item whole cents."""

    principal: Decimal
    fine: Decimal = _ZERO
    interest: Decimal = _ZERO

    @property
    def total(self) -> Decimal:
        return self.principal + self.fine + self.interest

    @property
    def items(self) -> list[tuple[str, Decimal]]:
        """``(name, reais)``; nothing to take apart where only the debt itself is listed."""
        if not self.fine and not self.interest:
            return []
        return [("Principal", self.principal), ("Multa", self.fine), ("Juros", self.interest)]

    @property
    def sentence(self) -> str:
        """``129,90 + multa 2,60 + juros 1,95``, or nothing."""
        if not self.items:
            return ""
        parts = (f"{name.lower()} {formats.brl(value)}" for name, value in self.items)
        return " + ".join(parts)


def updated(
    principal: Decimal,
    due_date: date,
    *,
    on: date,
    fine_percent: Decimal,
    interest_percent: Decimal,
) -> Amount:
    """``principal`` with its fine and its interest up to ``on``; none before it is overdue."""
    days = (on - due_date).days
    if days <= 0:
        return Amount(principal)
    return Amount(
        principal,
        _cents(principal * fine_percent / 100),
        _cents(principal * interest_percent * days / (100 * MONTH)),
    )


def amount_to_list(receivable: Receivable, *, general: GeneralParameters, on: date) -> Amount:
    """What a listing asked for on that day would say."""
    if not general.amount_updated:
        return Amount(receivable.open_amount)
    return updated(
        receivable.open_amount,
        receivable.due_date,
        on=on,
        fine_percent=general.fine_percent,
        interest_percent=general.interest_percent,
    )


def amount_listed(restriction: Restriction) -> Amount:
    return Amount(restriction.principal, restriction.fine, restriction.interest)


def _cents(value: Decimal) -> Decimal:
    return value.quantize(_CENT, rounding=ROUND_HALF_UP)
