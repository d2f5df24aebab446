"""Reading inquiries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from django.db.models import (
    Count,
    Exists,
    Max,
    Min,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.utils import timezone
from pydantic import TypeAdapter

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.bureaus.contract import InquiryReport
from regua.inquiries.models import Inquiry, InquiryAccess, InquiryTotal
from regua.integrations import vault
from regua.integrations.choices import PersonKind
from regua.organization.models import Branch
from regua.parties.models import Customer, Lead, Prospect
from regua.web import formats, periods

M = TypeVar("M", bound=Model)

report_codec: TypeAdapter[InquiryReport] = TypeAdapter(InquiryReport)


def inquiries_visible(actor: User) -> QuerySet[Inquiry]:
    return visible(
        Inquiry.objects.select_related("requested_by", "customer", "lead", "prospect", "branch"),
        actor=actor,
        permission=Permission.VIEW_INQUIRIES,
    )


def inquiry_report(inquiry: Inquiry) -> InquiryReport | None:
    """The bureau's report, opened; None until it has answered and once its term has ended."""
    if not inquiry.report_sealed:
        return None
    return report_codec.validate_json(vault.unseal(inquiry.report_sealed, inquiry.vault_context()))


def accesses_of(inquiry: Inquiry) -> list[InquiryAccess]:
    """Who used an inquiry not made for them, the first one first."""
    return list(InquiryAccess.objects.filter(inquiry=inquiry).select_related("actor"))


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
    earlier = earlier_inquiry(document, actor=actor)
    return earlier if earlier and earlier.requested_at >= formats.day_start(first) else None


def same_under_way(integration_id: int, document: str, product_code: str) -> Inquiry | None:
    """The unfinished inquiry that asks the same bureau for the same product."""
    return (
        Inquiry.objects.select_related("requested_by")
        .filter(
            integration_id=integration_id,
            document=document,
            product_code=product_code,
            status__in=[Inquiry.Status.QUEUED, Inquiry.Status.SENT],
        )
        .first()
    )


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
    """How many inquiries, what they cost in BRL (``unsure`` included), from which day to which."""

    count: int = 0
    cost: Decimal = Decimal(0)
    first: date | None = None
    last: date | None = None

    def __bool__(self) -> bool:
        return self.count > 0

    def __add__(self, other: Totals) -> Totals:
        firsts = [day for day in (self.first, other.first) if day]
        lasts = [day for day in (self.last, other.last) if day]
        return Totals(
            self.count + other.count,
            self.cost + other.cost,
            min(firsts, default=None),
            max(lasts, default=None),
        )


def sum_up(kept: QuerySet[InquiryTotal], days: QuerySet[InquiryTotal], *, actor: User) -> Totals:
    """What ``kept`` adds up to. ``days`` are the same inquiries by the day, for the ends."""
    found = _seen(kept, actor).aggregate(
        count=Sum("count"), cost=Sum("cost"), first=Min("day"), last=Max("day")
    )
    if not found["count"]:
        return Totals()
    first, last = found["first"], found["last"]
    ends = _seen(days, actor).filter(count__gt=0)
    # A month's total stands on its first day: look into the two months at the ends.
    begin = ends.filter(day__gte=first, day__lt=periods.month_after(first)).aggregate(
        day=Min("day")
    )
    end = ends.filter(day__gte=last.replace(day=1), day__lt=periods.month_after(last))
    return Totals(
        found["count"], found["cost"], begin["day"] or first, end.aggregate(d=Max("day"))["d"]
    )


def sum_up_under_way(rows: QuerySet[Inquiry], *, actor: User) -> Totals:
    """The few inquiries that no total holds yet, counted one by one."""
    found = _seen(rows, actor).aggregate(
        count=Count("pk"), cost=Sum("cost"), first=Min("requested_at"), last=Max("requested_at")
    )
    if not found["count"]:
        return Totals()
    first, last = (timezone.localdate(found[name]) for name in ("first", "last"))
    return Totals(found["count"], found["cost"], first, last)


def _seen(rows: QuerySet[M], actor: User) -> QuerySet[M]:
    return visible(rows, actor=actor, permission=Permission.VIEW_INQUIRIES)


def inquiries_of(party: Customer | Lead | Prospect, *, actor: User) -> QuerySet[Inquiry]:
    """The whole history of a party: made for it, for what it was before, or about its document."""
    known = _made_for(party)
    if party.document:
        known |= Q(document=party.document, branch=party.branch_id)
    return inquiries_visible(actor).filter(known)


def _made_for(party: Customer | Lead | Prospect) -> Q:
    match party:
        case Lead():
            return Q(lead=party.pk)
        case Prospect():
            return Q(prospect=party.pk) | Q(lead__in=party.lead_ids)
        case _:
            earlier = Q(prospect__in=party.prospect_ids) | Q(lead__in=party.lead_ids)
            return Q(customer=party.pk) | earlier


def last_answer(party: Customer | Lead | Prospect, *, actor: User) -> Inquiry | None:
    """The party's newest answered inquiry."""
    return (
        inquiries_of(party, actor=actor)
        .filter(status=Inquiry.Status.ANSWERED)
        .order_by("-requested_at", "-id")
        .first()
    )


def counts_of(
    kind: type[Customer | Lead | Prospect], ids: Iterable[int], *, actor: User
) -> dict[int, int]:
    """Party → how many inquiries were made for it or about its document, in one query."""
    mine = (
        inquiries_visible(actor)
        .select_related(None)
        .filter(
            Q(**{str(kind._meta.model_name): OuterRef("pk")})
            | Q(document=OuterRef("document"), branch=OuterRef("branch"))
        )
        .order_by()
        .values(one=Value(1))
        .annotate(found=Count("pk"))
        .values("found")
    )
    rows = (
        kind._default_manager.filter(pk__in=list(ids))
        .values_list("pk")
        .annotate(found=Subquery(mine))
    )
    return {pk: found for pk, found in rows if found}
