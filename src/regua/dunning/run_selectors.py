"""The lines of a run and the debts that are held, a page at a time; a branch's open run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.dunning.choices import ENDED, Action, RunState
from regua.dunning.models import (
    DunningEntry,
    DunningHold,
    DunningItem,
    DunningMessage,
    DunningRun,
    DunningStep,
)
from regua.dunning.reasons import sentence
from regua.dunning.selectors import holds_visible, runs_visible
from regua.organization.models import Branch
from regua.receivables.selectors import OWED
from regua.restrictions.models import Restriction
from regua.restrictions.selectors import latest_by_receivable

KEPT = timedelta(days=90)
"""How long the lines of a run that has ended are kept."""


def open_runs(branches: Collection[Branch]) -> dict[int, DunningRun]:
    """Branch → the run that is under way there."""
    rows = DunningRun.objects.filter(branch__in=[b.pk for b in branches]).exclude(state__in=ENDED)
    return {run.branch_id: run for run in rows}


def runs_waiting(actor: User) -> int:
    """How many simulations wait for this person's approval."""
    if not actor.can(Permission.APPROVE_DUNNING):
        return 0
    return runs_visible(actor).filter(state=RunState.SIMULATED).count()


def last_simulated(actor: User, branches: Collection[Branch]) -> list[DunningRun]:
    """Of each branch the run whose simulation its held debts are of."""
    rows = runs_visible(actor).filter(
        branch__in=[b.pk for b in branches], simulated_at__isnull=False
    )
    newest = rows.order_by().values("branch").annotate(newest=Max("pk"))
    return list(runs_visible(actor).filter(pk__in=[row["newest"] for row in newest]))


def is_last(run: DunningRun) -> bool:
    """Whether the branch's held debts are still those that this run found."""
    later = DunningRun.objects.filter(branch=run.branch_id, pk__gt=run.pk)
    return run.simulated_at is not None and not later.exists()


def lists_by_itself(branch: Branch) -> bool:
    """Whether a policy of the branch has a step that lists."""
    return DunningStep.objects.filter(
        Q(policy__branch=None) | Q(policy__branch=branch),
        policy__active=True,
        archived_at=None,
        action=Action.LIST,
    ).exists()


def items_of(run: DunningRun, *, step_id: int | None = None) -> QuerySet[DunningItem]:
    rows = DunningItem.objects.filter(run=run).select_related(
        "receivable__customer", "receivable__contract", "step"
    )
    return rows if step_id is None else rows.filter(step=step_id)


def lines_forgotten(run: DunningRun) -> bool:
    return run.finished_at is not None and run.finished_at < timezone.now() - KEPT


def holds_of(
    actor: User, branches: Collection[Branch], *, reason: str = "", step_id: int | None = None
) -> QuerySet[DunningHold]:
    """Debts still owed whose step is held, in these branches; ``reason`` is one of its codes."""
    rows = (
        holds_visible(actor)
        .select_related("branch")
        .filter(branch__in=[b.pk for b in branches], receivable__status__in=OWED)
    )
    if reason:
        rows = rows.filter(reasons__contains=[reason])
    return rows if step_id is None else rows.filter(step=step_id)


@dataclass(frozen=True, slots=True)
class ItemRow:
    """A line of a run, with what became of it."""

    item: DunningItem
    days: int
    """Overdue on the run's day; negative before the due date."""
    note: str
    outcome: str
    """``""`` before the run is executed; then ``taken``, ``out`` or ``changed``."""
    message: DunningMessage | None
    restriction: Restriction | None


def rows_of(run: DunningRun, items: Sequence[DunningItem], actor: User) -> list[ItemRow]:
    """In a constant few queries."""
    ids = [item.receivable_id for item in items]
    executed = run.state not in (RunState.SIMULATING, RunState.SIMULATED)
    taken: set[int] = set()
    messages: dict[tuple[int, int], DunningMessage] = {}
    listings: dict[int, Restriction] = {}
    if executed and ids:
        entries = DunningEntry.objects.filter(run=run, receivable__in=ids, step__isnull=False)
        taken = set(entries.values_list("receivable_id", flat=True))
        sent = DunningMessage.objects.filter(receivable__in=ids).only(
            "receivable_id", "step_id", "status"
        )
        messages = {(m.receivable_id, m.step_id): m for m in sent}
        listings = latest_by_receivable(ids, actor=actor)

    def outcome(item: DunningItem) -> str:
        if item.receivable_id in taken:
            return "taken"
        if item.left_out:
            return "out"
        return "changed" if run.state == RunState.DONE else ""

    return [
        ItemRow(
            item=item,
            days=(run.day - item.receivable.due_date).days,
            note=sentence(item.note) if item.note else "",
            outcome=outcome(item),
            message=messages.get((item.receivable_id, item.step_id)),
            restriction=listings.get(item.receivable_id)
            if item.step.action == Action.LIST and item.receivable_id in taken
            else None,
        )
        for item in items
    ]
