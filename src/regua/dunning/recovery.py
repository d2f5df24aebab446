"""What the régua brought: the steps of a period, and what was paid after each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from regua.dunning.choices import Action
from regua.dunning.models import DunningStep
from regua.dunning.run_sums import days_from_due
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.web.named import statement

WINDOWS = (15, 30, 60, 90)
"""Days within which a payment may count as brought by a step."""
SPREAD = ("até 3", "4 a 7", "8 a 15", "16 a 30", "mais de 30")
"""Days from the step to the payment, as ``sql/recovery.sql`` counts them."""


@dataclass(frozen=True, slots=True)
class StepFigures:
    """The steps of one kind that were taken in a period."""

    step: DunningStep
    debts: int
    owed: int
    """Still owed today, whatever steps came later."""
    paid: int
    """With a payment after this step and before the next one."""
    recovered: Decimal
    """Reais of those payments."""
    median: int | None
    """Days from the step to the payment."""
    spread: list[int]
    """Payments in each range of ``SPREAD``."""
    cost: Decimal | None
    """Reais for its messages or listings; None where nobody wrote the price down."""

    @property
    def when(self) -> str:
        return days_from_due(self.step.days)

    @property
    def share(self) -> Decimal:
        """Per cent of the debts that were paid after it."""
        return Decimal(100 * self.paid) / self.debts

    @property
    def cost_per_real(self) -> Decimal | None:
        return self.cost / self.recovered if self.cost is not None and self.recovered else None


@dataclass(frozen=True, slots=True)
class Recovery:
    lines: list[StepFigures]

    @property
    def recovered(self) -> Decimal:
        return sum((line.recovered for line in self.lines), Decimal(0))

    @property
    def payers(self) -> int:
        return sum(line.paid for line in self.lines)

    @property
    def steps(self) -> int:
        return sum(line.debts for line in self.lines)

    @property
    def unpriced(self) -> bool:
        return any(line.cost is None for line in self.lines)

    @property
    def cost(self) -> Decimal:
        """Of what has a price."""
        return sum((line.cost or Decimal(0) for line in self.lines), Decimal(0))

    @property
    def cost_per_real(self) -> Decimal | None:
        return self.cost / self.recovered if self.recovered and not self.unpriced else None

    @property
    def most(self) -> int:
        return max((line.debts for line in self.lines), default=0)


def recovery(branches: Collection[Branch], *, since: date, until: date, window: int) -> Recovery:
    """The figures of the steps taken from ``since`` to ``until`` (both included) in ``branches``.

    A payment counts for the last step before it, if it came within ``window`` days of it. The
    caller sees to it that the person may see the branches.
    """
    values: dict[str, Any] = {
        "branches": [branch.pk for branch in branches],
        "since": since,
        "until": until,
        "window": window,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        # A day and a year do not want the same plan.
        cursor.execute("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")
        cursor.execute(statement("dunning", "recovery"), values)
        rows = cursor.fetchall()
    steps = DunningStep.objects.select_related("policy").in_bulk([row[0] for row in rows])
    without_price = Integration.objects.filter(
        branch__in=values["branches"], archived_at=None, listing_price=None
    ).exists()
    lines = [
        StepFigures(
            step=steps[step],
            debts=debts,
            owed=owed,
            paid=paid,
            recovered=recovered,
            median=median,
            spread=spread,
            cost=None if steps[step].action == Action.LIST and not cost and without_price else cost,
        )
        for step, debts, owed, paid, recovered, median, spread, cost in rows
    ]
    return Recovery(sorted(lines, key=lambda line: (line.step.days, line.step.pk)))
