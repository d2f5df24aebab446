"""The day by which a listing must be off, as people read it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet
from django.utils import timezone

from regua.accounts.models import User
from regua.calendar import business_days_left
from regua.organization.models import Branch
from regua.organization.selectors import days_off_by_branch
from regua.restrictions.models import RemovalDuty
from regua.restrictions.selectors import duties_visible
from regua.web import formats, keyset
from regua.web.keyset import CappedCount
from regua.web.status import Tone


@dataclass(frozen=True, slots=True)
class Deadline:
    duty: RemovalDuty
    left: int
    """Business days, as ``calendar.business_days_left`` counts them."""

    @property
    def words(self) -> str:
        return left_in_words(self.left)

    @property
    def tone(self) -> str:
        """Empty while nothing presses."""
        if self.left > 1:
            return ""
        return str(Tone.ACTIVE if self.left < 0 else Tone.NOTICE)

    @property
    def sentence(self) -> str:
        return f"Retirar até {formats.day(self.duty.due_on)} ({self.words})."


def left_in_words(left: int) -> str:
    """``faltam 3 dias úteis``, ``vence hoje``, ``atrasada há 2 dias úteis``."""
    if left == 0:
        return "vence hoje"
    days = f"{formats.number(abs(left))} {'dia útil' if abs(left) == 1 else 'dias úteis'}"
    if left < 0:
        return f"atrasada há {days}"
    return f"{'falta' if left == 1 else 'faltam'} {days}"


def deadlines(duties: Iterable[RemovalDuty]) -> list[Deadline]:
    """One for each, in their order; their branches' local holidays take one query."""
    duties = list(duties)
    today: date = timezone.localdate()
    branches: dict[int, Branch] = {duty.branch_id: duty.branch for duty in duties}
    off = days_off_by_branch(branches.values()) if branches else {}
    return [
        Deadline(duty, business_days_left(today, duty.due_on, off[duty.branch_id]))
        for duty in duties
    ]


def deadlines_of(restriction_ids: Collection[int]) -> dict[int, Deadline]:
    """Restriction → the deadline that runs for it, in two queries."""
    rows = RemovalDuty.objects.filter(restriction__in=restriction_ids, ended_at=None)
    found = deadlines(rows.select_related("branch"))
    return {deadline.duty.restriction_id: deadline for deadline in found}


def duties_open(actor: User) -> QuerySet[RemovalDuty]:
    """What must come off, as the worklist shows it."""
    return (
        duties_visible(actor)
        .filter(ended_at=None)
        .select_related(
            "branch",
            "restriction__customer",
            "restriction__receivable",
            "restriction__branch",
            "restriction__integration",
        )
    )


@dataclass(frozen=True, slots=True)
class DutyCounts:
    """What must come off, of how much the day is past and of how much it is today."""

    total: CappedCount
    late: CappedCount
    today: CappedCount

    @property
    def presses(self) -> bool:
        return bool(self.late or self.today)

    @property
    def words(self) -> str:
        """``3 vencem hoje, 1 atrasada``; empty where nothing presses."""
        parts = []
        if self.today:
            parts.append(f"{self.today} {'vence' if self.today.number == 1 else 'vencem'} hoje")
        if self.late:
            parts.append(f"{self.late} {'atrasada' if self.late.number == 1 else 'atrasadas'}")
        return ", ".join(parts)


def duty_counts(duties: QuerySet[RemovalDuty]) -> DutyCounts:
    """Counted over open ``duties``."""
    today = timezone.localdate()
    bare = duties.select_related(None)
    return DutyCounts(
        total=keyset.capped_count(bare),
        late=keyset.capped_count(bare.filter(due_on__lt=today)),
        today=keyset.capped_count(bare.filter(due_on=today)),
    )
