"""What a branch may spend on inquiries in a month: counted where it is spent, stopped in time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.inquiries.models import InquiryBudget, InquirySpending
from regua.organization.models import Branch
from regua.web import formats
from regua.web.status import Tone

_MONTHS = (
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"
).split()

SPENDING = """
    budget AS (
        SELECT coalesce(
            (SELECT monthly FROM inquiries_inquirybudget WHERE branch_id = %(branch)s),
            'Infinity'
        ) AS monthly
    ),
    spending AS (
        INSERT INTO inquiries_inquiryspending AS s (branch_id, month, spent)
        SELECT %(branch)s, %(month)s::date, %(cost)s::numeric FROM budget
        WHERE %(cost)s::numeric <= budget.monthly
        ON CONFLICT (branch_id, month) DO UPDATE SET spent = s.spent + excluded.spent
        WHERE s.spent + excluded.spent <= (SELECT monthly FROM budget)
        RETURNING s.spent
    )
"""
"""Counts ``cost`` in the month, or has no row where the budget does not reach. The branch's others
wait until the transaction ends, so that two cannot spend the same money."""


class BudgetSpent(ValidationError):
    """The month's budget does not reach; the text is a sentence for the person."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A branch's month so far. Money in BRL."""

    month: date
    spent: Decimal
    monthly: Decimal | None
    """None where no budget was set."""
    warn_percent: int = 100

    @property
    def left(self) -> Decimal | None:
        return None if self.monthly is None else max(self.monthly - self.spent, Decimal(0))

    @property
    def percent(self) -> int:
        """How much of the budget is spent; 100 where there is nothing to spend."""
        return int(self.spent * 100 / self.monthly) if self.monthly else 100

    @property
    def bar(self) -> int:
        """``percent`` as far as a bar can show it."""
        return min(self.percent, 100)

    @property
    def warns(self) -> bool:
        return self.monthly is not None and self.percent >= self.warn_percent

    @property
    def is_spent(self) -> bool:
        return self.left == 0

    @property
    def tone(self) -> Tone | None:
        """Amber from the warning on, red where nothing is left; None where all is well."""
        if self.is_spent:
            return Tone.ACTIVE
        return Tone.NOTICE if self.warns else None

    def affords(self, cost: Decimal) -> bool:
        return self.monthly is None or self.spent + cost <= self.monthly

    @property
    def month_name(self) -> str:
        return _MONTHS[self.month.month - 1]


def month_of(moment: datetime) -> date:
    """The first day of the month, as people in São Paulo count."""
    return formats.local(moment).date().replace(day=1)


def standing(branch: Branch, *, now: datetime | None = None) -> Standing:
    return standings([branch.pk], now=now)[branch.pk]


def standings(branch_ids: Iterable[int], *, now: datetime | None = None) -> dict[int, Standing]:
    """The month so far of each of these branches, in two queries."""
    ids = list(branch_ids)
    month = month_of(now or timezone.now())
    budgets = InquiryBudget.objects.in_bulk(ids)
    spent = dict(
        InquirySpending.objects.filter(branch__in=ids, month=month).values_list(
            "branch_id", "spent"
        )
    )
    return {
        pk: Standing(
            month=month,
            spent=spent.get(pk, Decimal(0)),
            monthly=budgets[pk].monthly if pk in budgets else None,
            warn_percent=budgets[pk].warn_percent if pk in budgets else 100,
        )
        for pk in ids
    }


def refuse(branch: Branch, cost: Decimal, *, now: datetime) -> BudgetSpent:
    """What to say where ``SPENDING`` had no row."""
    found = standing(branch, now=now)
    return BudgetSpent(
        f"O orçamento de consultas da filial {branch.name} para {found.month_name} é de "
        f"{formats.brl(found.monthly)}; restam {formats.brl(found.left)} e esta consulta custa "
        f"{formats.brl(cost)}. Nada foi consultado nem cobrado. Peça ao gestor financeiro para "
        "aumentar o orçamento ou espere o mês que vem."
    )


def give_back(branch_id: int, cost: Decimal, *, requested_at: datetime) -> None:
    """Take back what was counted for an inquiry that turned out not to be charged."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inquiries_inquiryspending SET spent = spent - %s "
            "WHERE branch_id = %s AND month = %s",
            [cost, branch_id, month_of(requested_at)],
        )


def budget_set(
    *, branch: Branch, actor: User, monthly: Decimal | None, warn_percent: int = 80
) -> None:
    """Set a branch's monthly budget, or lift it (None). Raises ``ValidationError``."""
    require(actor, Permission.MANAGE_BUDGET, branch_id=branch.pk)
    if monthly is None:
        InquiryBudget.objects.filter(branch=branch).delete()
        return
    if monthly < 0:
        raise ValidationError({"monthly": "O orçamento não pode ser negativo."})
    if monthly >= 10**12:
        raise ValidationError({"monthly": "É dinheiro demais: confira o valor."})
    if not 1 <= warn_percent <= 100:
        raise ValidationError({"warn_percent": "Escreva um número de 1 a 100."})
    InquiryBudget.objects.update_or_create(
        branch=branch,
        defaults={"monthly": monthly, "warn_percent": warn_percent, "changed_by": actor},
    )
