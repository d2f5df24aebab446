"""What a branch may spend on inquiries in a month: counted where it is spent, stopped in time."""

from __future__ import annotations

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

_MONTHS = (
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"
).split()

_SPEND = """
WITH spending AS (
    INSERT INTO inquiries_inquiryspending AS s (branch_id, month, spent)
    VALUES (%(branch)s, %(month)s, %(cost)s)
    ON CONFLICT (branch_id, month) DO UPDATE SET spent = s.spent + excluded.spent
    RETURNING spent
)
SELECT spending.spent, b.monthly
FROM spending LEFT JOIN inquiries_inquirybudget b ON b.branch_id = %(branch)s
"""


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
    def warns(self) -> bool:
        return self.monthly is not None and self.percent >= self.warn_percent

    def affords(self, cost: Decimal) -> bool:
        return self.monthly is None or self.spent + cost <= self.monthly

    @property
    def month_name(self) -> str:
        return _MONTHS[self.month.month - 1]


def month_of(moment: datetime) -> date:
    """The first day of the month, as people in São Paulo count."""
    return formats.local(moment).date().replace(day=1)


def standing(branch: Branch, *, now: datetime | None = None) -> Standing:
    month = month_of(now or timezone.now())
    budget = InquiryBudget.objects.filter(branch=branch).first()
    spent = (
        InquirySpending.objects.filter(branch=branch, month=month)
        .values_list("spent", flat=True)
        .first()
    )
    return Standing(
        month=month,
        spent=spent or Decimal(0),
        monthly=budget.monthly if budget else None,
        warn_percent=budget.warn_percent if budget else 100,
    )


def spend(branch: Branch, cost: Decimal, *, now: datetime) -> None:
    """Count ``cost`` in the caller's transaction.

    Raises ``BudgetSpent`` where the month does not reach. Others who spend in the same branch wait
    until the transaction ends, so that two cannot spend the same money.
    """
    month = month_of(now)
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, {"branch": branch.pk, "month": month, "cost": cost})
        spent, monthly = cursor.fetchone()
    if monthly is not None and spent > monthly:
        left = Standing(month, spent - cost, monthly).left
        raise BudgetSpent(
            f"O orçamento de consultas da filial {branch.name} para {_MONTHS[month.month - 1]} é "
            f"de {formats.brl(monthly)}; restam {formats.brl(left)} e esta consulta custa "
            f"{formats.brl(cost)}. Nada foi consultado nem cobrado. Peça ao gestor financeiro "
            "para aumentar o orçamento ou espere o mês que vem."
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
    if not 1 <= warn_percent <= 100:
        raise ValidationError({"warn_percent": "Escreva um número de 1 a 100."})
    InquiryBudget.objects.update_or_create(
        branch=branch,
        defaults={"monthly": monthly, "warn_percent": warn_percent, "changed_by": actor},
    )
