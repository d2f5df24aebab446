"""Reading receivables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Exists, Min, OuterRef, QuerySet, Sum
from django.utils import timezone

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.receivables.models import Contract, Payment, Receivable, ReceivableCancellation

OWED = (Receivable.Status.OPEN, Receivable.Status.PARTIAL)


@dataclass(frozen=True, slots=True)
class Overdue:
    """What one customer owes past its due date."""

    total: Decimal = Decimal(0)
    count: int = 0
    oldest: date | None = None


def receivables_visible(actor: User) -> QuerySet[Receivable]:
    return visible(
        Receivable.objects.select_related("customer", "contract__co_debtor", "branch"),
        actor=actor,
        permission=Permission.VIEW_RECEIVABLES,
    )


def contracts_visible(actor: User) -> QuerySet[Contract]:
    return visible(
        Contract.objects.select_related("customer__branch", "co_debtor"),
        actor=actor,
        permission=Permission.VIEW_RECEIVABLES,
        branch="customer__branch",
    )


def overdue(queryset: QuerySet[Receivable]) -> QuerySet[Receivable]:
    """Those still owed whose due date has passed."""
    return queryset.filter(status__in=OWED, due_date__lt=timezone.localdate())


def overdue_by_customer(customer_ids: Sequence[int], *, actor: User) -> dict[int, Overdue]:
    """Customer → what is overdue, in one query; a customer with nothing overdue is left out."""
    rows = (
        overdue(receivables_visible(actor))
        .filter(customer_id__in=customer_ids)
        .order_by()
        .values("customer_id")
        .annotate(total=Sum("open_amount"), count=Count("pk"), oldest=Min("due_date"))
    )
    return {row["customer_id"]: Overdue(row["total"], row["count"], row["oldest"]) for row in rows}


def customer_has_overdue(actor: User) -> Exists:
    """True of the customers (``OuterRef("pk")``) with something overdue."""
    return Exists(overdue(receivables_visible(actor)).filter(customer_id=OuterRef("pk")))


def payments_of(receivable: Receivable) -> QuerySet[Payment]:
    return (
        Payment.objects.filter(receivable=receivable)
        .select_related("recorded_by")
        .order_by("paid_on", "pk")
    )


def cancellations_of(receivable_ids: Collection[int]) -> dict[int, ReceivableCancellation]:
    """Receivable → its last cancellation here, in one query."""
    rows = ReceivableCancellation.objects.filter(receivable_id__in=receivable_ids)
    return {row.receivable_id: row for row in rows.select_related("actor").order_by("pk")}


def why_no_cancellation(receivable: Receivable) -> str:
    """Why it cannot be cancelled; empty where it can."""
    match receivable.status:
        case Receivable.Status.RECEIVED:
            return (
                f"O título {receivable.number} já foi pago por inteiro, e título pago não se "
                "cancela. Nada mudou."
            )
        case Receivable.Status.CANCELLED:
            return f"O título {receivable.number} já está cancelado. Nada mudou."
    return ""
