"""Reading inquiries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.utils import timezone
from pydantic import TypeAdapter

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.bureaus.contract import InquiryReport
from regua.inquiries.models import Inquiry, InquiryTotal
from regua.integrations import vault
from regua.integrations.choices import PersonKind
from regua.organization.models import Branch
from regua.parties.models import Customer

report_codec: TypeAdapter[InquiryReport] = TypeAdapter(InquiryReport)


def inquiries_visible(actor: User) -> QuerySet[Inquiry]:
    return visible(
        Inquiry.objects.select_related("requested_by", "customer", "lead", "prospect", "branch"),
        actor=actor,
        permission=Permission.VIEW_INQUIRIES,
    )


def inquiry_report(inquiry: Inquiry) -> InquiryReport | None:
    """The bureau's report, opened; None until it has answered."""
    if not inquiry.report_sealed:
        return None
    return report_codec.validate_json(vault.unseal(inquiry.report_sealed, inquiry.vault_context()))


def earlier_inquiry(document: str, *, actor: User) -> Inquiry | None:
    """The newest inquiry about ``document`` that was not refused, for not paying twice."""
    return (
        inquiries_visible(actor)
        .filter(document=document)
        .exclude(status=Inquiry.Status.REFUSED)
        .order_by("-requested_at", "-id")
        .first()
    )


def within_interval(document: str, days: int | None, *, actor: User) -> Inquiry | None:
    """The newest inquiry, not refused, that is less than ``days`` calendar days old."""
    if not days:
        return None
    first = timezone.localdate() - timedelta(days=days - 1)
    since = datetime.combine(first, time.min, tzinfo=timezone.get_current_timezone())
    earlier = earlier_inquiry(document, actor=actor)
    return earlier if earlier and earlier.requested_at >= since else None


def usual_product(actor: User, branch: Branch, document: str) -> str:
    """What this person got last in the branch about this kind of document, or ''."""
    kind = PersonKind.COMPANY if len(document) == 14 else PersonKind.PERSON
    return (
        InquiryTotal.objects.filter(
            requested_by=actor, branch=branch, person_kind=kind, monthly=False
        )
        .order_by("-day", "-count")
        .values_list("product_code", flat=True)
        .first()
        or ""
    )


def inquirers(actor: User) -> QuerySet[User]:
    """Those who made an inquiry that ``actor`` may see and that has ended."""
    theirs = visible(
        InquiryTotal.objects.filter(requested_by=OuterRef("pk"), monthly=True),
        actor=actor,
        permission=Permission.VIEW_INQUIRIES,
    )
    return User.objects.filter(Exists(theirs))


@dataclass(frozen=True, slots=True)
class Totals:
    """How many inquiries, and what they cost in BRL (``unsure`` included)."""

    count: int
    cost: Decimal

    def __bool__(self) -> bool:
        return self.count > 0


def sum_up(kept: QuerySet[InquiryTotal], under_way: QuerySet[Inquiry], *, actor: User) -> Totals:
    """Add the day's totals of what has ended to the few that are under way."""
    count, cost = 0, Decimal(0)
    rows: tuple[tuple[QuerySet[Any], Any], ...] = ((kept, Sum("count")), (under_way, Count("pk")))
    for narrowed, counted in rows:
        seen = visible(narrowed, actor=actor, permission=Permission.VIEW_INQUIRIES)
        found = seen.aggregate(count=counted, cost=Sum("cost"))
        count += found["count"] or 0
        cost += found["cost"] or 0
    return Totals(count, cost)


def customer_inquiries(customer: Customer, *, actor: User) -> QuerySet[Inquiry]:
    return inquiries_visible(actor).filter(customer=customer)


def last_answer(customer: Customer, *, actor: User) -> Inquiry | None:
    """The customer's newest answered inquiry."""
    return (
        customer_inquiries(customer, actor=actor)
        .filter(status=Inquiry.Status.ANSWERED)
        .order_by("-requested_at", "-id")
        .first()
    )


def counts_by(field: str, ids: Iterable[int], *, actor: User) -> dict[int, int]:
    """Party → how many inquiries; ``field`` is ``customer_id``, ``lead_id`` or ``prospect_id``."""
    rows = (
        inquiries_visible(actor)
        .select_related(None)
        .filter(**{f"{field}__in": list(ids)})
        .order_by()
        .values_list(field)
        .annotate(Count("pk"))
    )
    return dict(rows)
