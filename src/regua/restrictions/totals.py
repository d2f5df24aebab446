"""What restrictions add up to, however many there are: kept in ``RestrictionTotal``.

Triggers tell each change as a ``RestrictionMove``; ``fold`` adds the moves to the totals now and
then. What a reader sums is both, read in one statement, so that no fold comes between.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.organization.models import Branch
from regua.restrictions.choices import LIVE, Dated, Status
from regua.restrictions.forms import LIVE_ONES
from regua.restrictions.models import Restriction, RestrictionMove, RestrictionTotal
from regua.web import periods

_FOLD = """
WITH taken AS (DELETE FROM restrictions_restrictionmove RETURNING *)
INSERT INTO restrictions_restrictiontotal AS t
    (about, day, monthly, branch_id, integration_id, requested_by_id, form, status, removal_reason,
     count, amount, first_id, last_id)
SELECT dated.about, date_trunc(span.unit, dated.day)::date, span.unit = 'month', branch_id,
    integration_id, requested_by_id, form, status, removal_reason,
    sum(count), sum(amount), min(first_id), max(last_id)
FROM taken
CROSS JOIN LATERAL (VALUES ('requested', requested), ('sent', sent), ('visible', visible),
                           ('removed', removed)) dated(about, day)
CROSS JOIN (VALUES ('day'), ('month')) span(unit)
WHERE dated.day IS NOT NULL
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
ON CONFLICT (about, monthly, day, branch_id, integration_id, requested_by_id, form, status,
             removal_reason)
DO UPDATE SET count = t.count + excluded.count, amount = t.amount + excluded.amount,
    first_id = least(t.first_id, excluded.first_id), last_id = greatest(t.last_id, excluded.last_id)
RETURNING id, count
"""
_EMPTY = "DELETE FROM restrictions_restrictiontotal WHERE id = ANY(%s)"


def fold() -> None:
    """Add what moved since the last time to the totals.

    Nothing waits for it and nothing is wrong before: readers add the moves themselves.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FOLD)
        if empty := [pk for pk, count in cursor.fetchall() if count == 0]:
            cursor.execute(_EMPTY, [empty])


@dataclass(frozen=True, slots=True)
class Totals:
    """How many restrictions, what they come to in BRL, and between which keys they are."""

    by_status: dict[str, tuple[int, Decimal]] = field(default_factory=dict)
    branches: frozenset[int] = frozenset()
    first_id: int = 0
    last_id: int = 0

    @property
    def count(self) -> int:
        return sum(count for count, _ in self.by_status.values())

    @property
    def amount(self) -> Decimal:
        return sum((amount for _, amount in self.by_status.values()), Decimal(0))

    def __bool__(self) -> bool:
        return bool(self.by_status)


def summed(chosen: dict[str, Any], *, branch: Branch | None, actor: User) -> Totals:
    """What the restrictions add up to that fit ``chosen``, amounts left aside."""
    since, until = chosen.get("since"), chosen.get("until")
    dated = Dated(chosen.get("about") or Dated.REQUESTED) if since or until else Dated.REQUESTED
    kept = RestrictionTotal._default_manager.filter(periods.made_up_of(since, until), about=dated)
    moved = RestrictionMove._default_manager.filter(**{f"{dated}__isnull": False})
    if since:
        moved = moved.filter(**{f"{dated}__gte": since})
    if until:
        moved = moved.filter(**{f"{dated}__lte": until})
    both = _sums(kept, chosen, branch, actor).union(_sums(moved, chosen, branch, actor), all=True)
    return _totals(both)


def counted(rows: QuerySet[Restriction]) -> Totals:
    """The same, counting row by row."""
    return _totals(
        rows.select_related(None)
        .order_by()
        .values_list("branch", "status")
        .annotate(n=Count("pk"), worth=Sum("amount"), first=Min("pk"), last=Max("pk"))
    )


def requesters(actor: User) -> QuerySet[User]:
    """Those who asked for a listing that ``actor`` may see."""
    kept = RestrictionTotal._default_manager.filter(about=Dated.REQUESTED, monthly=True)
    known = Q()
    for counts in (kept, RestrictionMove._default_manager.all()):
        seen = _seen(counts, actor).filter(requested_by__isnull=False)
        known |= Q(pk__in=seen.values("requested_by"))
    return User.objects.filter(known)


def alike(rows: QuerySet[Any], chosen: dict[str, Any], branch: Branch | None) -> QuerySet[Any]:
    """Narrow by what restrictions and their totals have alike."""
    asked = Q(branch=branch) if branch else Q()
    for name in ("branch", "requested_by", "form", "removal_reason"):
        if name in chosen:
            asked &= Q(**{name: chosen[name]})
    if integration := chosen.get("integration"):
        # The branch says nothing new, but its index brings the rows in their order.
        asked &= Q(integration=integration, branch=integration.branch_id)
    match chosen.get("status"):
        case status if status == LIVE_ONES:
            asked &= Q(status__in=LIVE)
        case status if status in Status.values:
            asked &= Q(status=status)
    return rows.filter(asked)


def _sums(
    counts: QuerySet[Any], chosen: dict[str, Any], branch: Branch | None, actor: User
) -> QuerySet[Any]:
    return (
        alike(_seen(counts, actor), chosen, branch)
        .values_list("branch", "status")
        .annotate(n=Sum("count"), worth=Sum("amount"), first=Min("first_id"), last=Max("last_id"))
    )


def _seen(counts: QuerySet[Any], actor: User) -> QuerySet[Any]:
    return visible(counts, actor=actor, permission=Permission.VIEW_RESTRICTIONS)


def _totals(sums: QuerySet[Any]) -> Totals:
    by_kind: dict[tuple[int, str], list[Any]] = defaultdict(list)
    for branch, status, *sum_ in sums:
        by_kind[branch, status].append(sum_)
    by_status: dict[str, tuple[int, Decimal]] = {}
    branches, firsts, lasts = set(), [], []
    for (branch, status), found in by_kind.items():
        counts, amounts, first, last = zip(*found, strict=True)
        if not (number := sum(counts)):
            continue
        before, worth = by_status.get(status, (0, Decimal(0)))
        by_status[status] = before + number, worth + sum(amounts)
        branches.add(branch)
        firsts.append(min(first))
        lasts.append(max(last))
    return Totals(by_status, frozenset(branches), min(firsts, default=0), max(lasts, default=0))
