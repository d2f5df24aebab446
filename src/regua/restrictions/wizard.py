"""What *Negativar* is about to ask for: the chosen debts, their amounts, days and addresses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.calendar import last_day_listed
from regua.compliance.selectors import notice_days
from regua.integrations.models import Integration
from regua.organization.models import GeneralParameters
from regua.parties.models import Customer
from regua.restrictions.amounts import Amount, amount_to_list
from regua.restrictions.selectors import Candidate, candidates, why_approval

PENDINGS, DATA, LAW, REVIEW = "pendencias", "dados", "verificacao", "revisao"
STEPS = {
    PENDINGS: "Pendências financeiras",
    DATA: "Dados do cliente",
    LAW: "Verificação legal",
    REVIEW: "Revisão e custo",
}
_ORDER = list(STEPS)


@dataclass(frozen=True, slots=True)
class Line:
    """One debt as the steps show it."""

    candidate: Candidate
    amount: Amount
    last_day: date
    """The last day on which the law lets it be listed."""
    approval: str
    """Why another person must approve it; empty where nobody must."""


class Basket:
    """The debts of one customer that are being listed. Reads; never writes."""

    def __init__(self, customer: Customer, integration: Integration, found: Sequence[Candidate]):
        self.customer = customer
        self.integration = integration
        self._general = GeneralParameters.current()
        self._today = timezone.localdate()
        self.lines = [self._line(candidate, len(found)) for candidate in found]

    def _line(self, candidate: Candidate, at_once: int) -> Line:
        debt = candidate.receivable
        amount = amount_to_list(debt, general=self._general, on=self._today)
        return Line(
            candidate=candidate,
            amount=amount,
            last_day=last_day_listed(debt.due_date),
            approval=why_approval(amount.total, at_once, self._general),
        )

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def total(self) -> Decimal:
        return sum((line.amount.total for line in self.lines), Decimal(0))

    @property
    def price(self) -> Decimal | None:
        """Reais a listing, from the contract; None where nobody wrote it down."""
        return self.integration.listing_price

    @property
    def cost(self) -> Decimal | None:
        """What listing all of them costs, in reais."""
        return None if self.price is None else self.price * len(self.lines)

    @property
    def amount(self) -> Amount:
        """The items summed over the debts."""
        return Amount(
            sum((line.amount.principal for line in self.lines), Decimal(0)),
            sum((line.amount.fine for line in self.lines), Decimal(0)),
            sum((line.amount.interest for line in self.lines), Decimal(0)),
        )

    @cached_property
    def notice_days(self) -> int:
        return notice_days(self.customer.state)

    @property
    def visible_on(self) -> date:
        """The first day on which the bureau may show them, if the notice left today."""
        return self._today + timedelta(days=self.notice_days)

    @property
    def remove_until(self) -> date | None:
        """The first of the debts' last legal days."""
        return min((line.last_day for line in self.lines), default=None)

    @property
    def stopped(self) -> list[Line]:
        """Those that cannot be listed now, apart from what is missing in the customer's record."""
        return [line for line in self.lines if not line.candidate.can_go_on]

    @property
    def free(self) -> list[Line]:
        return [line for line in self.lines if line.candidate.can_go_on]

    @property
    def gaps(self) -> list[str]:
        """The customer's fields that must be filled in first."""
        return [f.rule.field for f in self.lines[0].candidate.gaps] if self.lines else []

    @property
    def approvals(self) -> list[Line]:
        return [line for line in self.lines if line.approval]

    def step(self, asked: str) -> str:
        """The step to show: the one asked for, unless an earlier one needs the person first."""
        if not self.lines:
            return PENDINGS
        if self.stopped:
            return LAW  # nobody fills in data for a debt that cannot be listed
        furthest = DATA if self.gaps else REVIEW
        wanted = asked if asked in _ORDER[1:] else DATA
        return min(wanted, furthest, key=_ORDER.index)

    def address(self, step: str, lines: Iterable[Line] | None = None) -> str:
        """Where ``step`` is shown, for all the debts or for those of ``lines`` only."""
        chosen = self.lines if lines is None else lines
        query = [("titulo", line.candidate.receivable.pk) for line in chosen]
        return f"{self.start}?{urlencode([*query, ('etapa', step)])}"

    @property
    def start(self) -> str:
        return reverse("restriction_create", args=[self.customer.pk])


def basket(customer: Customer, integration: Integration, actor: User, keys: set[int]) -> Basket:
    """The debts among ``keys`` that are this customer's and that ``actor`` sees."""
    found = candidates(customer, actor=actor, keys=keys)
    return Basket(customer, integration, found)
