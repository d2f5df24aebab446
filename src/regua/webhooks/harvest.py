"""From what is written down anyway to what subscribers are told: nobody who writes it does more.

A periodic job reads on in the tables that only grow (a restriction's history, duties, overrides)
and keeps watch over the rows that have a later turn (an inquiry's answer, a run's end, a deadline
that comes near). What it read and what it wrote for the subscribers commit together: an event is
written down once for each, whoever is killed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from regua.calendar import business_day_after
from regua.organization.models import Branch
from regua.organization.selectors import days_off_by_branch
from regua.restrictions.reminders import REMIND_DAYS
from regua.web.named import planned_afresh, statement
from regua.webhooks.choices import WatchKind
from regua.webhooks.horizon import last_id, writers
from regua.webhooks.models import EventSource

AT_ONCE = 20_000
"""Ids that are read in one transaction."""

_DUTY = """jsonb_build_object(
        'duty', duty.id, 'restriction', duty.restriction_id, 'branch', duty.branch_id,
        'customer', listing.customer_id, 'receivable', listing.receivable_id,
        'our_number', listing.our_number, 'bureau', listing.provider, 'cause', duty.cause,
        'starts_on', duty.starts_on, 'due_on', duty.due_on, 'status', listing.status)"""
_INQUIRY = """jsonb_build_object(
        'inquiry', asked.id, 'branch', asked.branch_id, 'customer', asked.customer_id,
        'lead', asked.lead_id, 'prospect', asked.prospect_id)"""


@dataclass(frozen=True, slots=True)
class _Source:
    """A table that only grows: what its new rows say, and whether they are watched after that."""

    table: str
    events: str = ""
    data: str = ""
    watched: WatchKind | None = None
    still_open: str = ""
    """Which rows have not had their later turn: those watched when nobody has looked before."""


_SOURCES = (
    _Source("restrictions_restrictionevent", "restriction_changed"),
    _Source(
        "restrictions_removalduty", "removal_due", _DUTY, WatchKind.DUTY, "row.ended_at IS NULL"
    ),
    _Source(
        "inquiries_inquiry",
        watched=WatchKind.INQUIRY,
        still_open="row.status IN ('queued', 'sent')",
    ),
    _Source("inquiries_decisionoverride", "inquiry_overridden", _INQUIRY),
    _Source(
        "dunning_dunningrun",
        watched=WatchKind.RUN,
        still_open="row.state NOT IN ('done', 'cancelled')",
    ),
)


def harvest(*, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Write down what has happened since the last time; return how many deliveries that made."""
    made = 0
    for source in _SOURCES:
        while not should_stop():
            told = _read_on(source)
            if told is None:
                break
            made += told
    return made + _finished()


def _read_on(source: _Source) -> int | None:
    """Read the next stretch of a source in one transaction; None where nothing more is ready."""
    with transaction.atomic():
        EventSource.objects.get_or_create(name=source.table)
        place = EventSource.objects.select_for_update(skip_locked=True).filter(pk=source.table)
        known = place.first()
        if known is None:  # another worker is at it
            return None
        if known.horizon is None:
            known.horizon = last_id(source.table)  # before asking who writes
            if known.horizon == known.cursor:
                return None
            known.holders = sorted(writers(source.table))
        elif known.holders:
            known.holders = sorted(set(known.holders) & writers(source.table))
        if known.holders:
            known.save()
            return None
        made, upto = 0, known.horizon
        if known.cursor is None:
            _watch(source, 0, upto, source.still_open)
        else:
            upto = min(upto, known.cursor + AT_ONCE)
            made = _tell(source, known.cursor, upto)
            _watch(source, known.cursor, upto)
        if upto == known.horizon:
            known.horizon = None
        known.cursor = upto
        known.save()
    return made


def _tell(source: _Source, after: int, upto: int) -> int:
    if not source.events:
        return 0
    values = {"after": after, "upto": upto}
    return _run(_emitting(source.events, data=source.data), values)


def _watch(source: _Source, after: int, upto: int, condition: str = "true") -> None:
    if source.watched is not None:
        _run(
            "INSERT INTO webhooks_eventwatch (kind, row_id)"  # noqa: S608
            f" SELECT %(kind)s, row.id FROM {source.table} AS row"
            f" WHERE row.id > %(after)s AND row.id <= %(upto)s AND {condition}"
            " ON CONFLICT DO NOTHING",
            {"kind": str(source.watched), "after": after, "upto": upto},
        )


# --- what was watched -----------------------------------------------------------------------------

_ANSWERED = """WITH asked AS (
    DELETE FROM webhooks_eventwatch AS watch USING inquiries_inquiry AS row
    WHERE watch.kind = 'inquiry' AND row.id = watch.row_id AND row.status IN ('answered', 'refused')
    RETURNING row.id, row.branch_id, row.customer_id, row.lead_id, row.prospect_id, row.status,
        row.product_code, row.protocol, row.outcome, row.answered_at
)"""
_ENDED = """WITH run AS (
    DELETE FROM webhooks_eventwatch AS watch USING dunning_dunningrun AS row
    WHERE watch.kind = 'run' AND row.id = watch.row_id AND row.state IN ('done', 'cancelled')
    RETURNING row.id, row.branch_id, row.day, row.state, row.scheduled, row.finished_at
)"""
_NEAR = """WITH duty AS (
    DELETE FROM webhooks_eventwatch AS watch
    USING restrictions_removalduty AS row,
        unnest(%(branches)s::bigint[], %(limits)s::date[]) AS near (branch_id, before)
    WHERE watch.kind = 'duty' AND row.id = watch.row_id AND row.ended_at IS NULL
        AND row.branch_id = near.branch_id AND row.due_on < near.before
    RETURNING row.id, row.restriction_id, row.branch_id, row.cause, row.starts_on, row.due_on
)"""
_OVER = """
    DELETE FROM webhooks_eventwatch AS watch USING restrictions_removalduty AS row
    WHERE watch.kind = 'duty' AND row.id = watch.row_id AND row.ended_at IS NOT NULL"""


def _finished() -> int:
    """Tell of the inquiries and runs that have ended."""
    return _run(_emitting("inquiry_finished", before=_ANSWERED, data=_INQUIRY), {}) + _run(
        _emitting("run_finished", before=_ENDED), {}
    )


def deadlines_tell() -> int:
    """Tell of the deadlines that have come near, and forget those that ended; how many told.

    Near is when the people who collect are reminded (``restrictions.reminders``).
    """
    today = timezone.localdate()
    branches = list(Branch.objects.all())
    off = days_off_by_branch(branches)
    limits = {
        "branches": [branch.pk for branch in branches],
        "limits": [business_day_after(today, REMIND_DAYS + 1, off[b.pk]) for b in branches],
    }
    told = _run(_emitting("removal_near", before=_NEAR, data=_DUTY), limits)
    _run(_OVER, {})
    return told


@cache
def _emitting(name: str, *, before: str = "", data: str = "") -> str:
    events = statement("webhooks", name, **({"data": data} if data else {}))
    return statement("webhooks", "emit", before=before, events=events)


def _run(text: str, values: dict[str, Any]) -> int:
    # One plan for a handful and for many thousands would be wrong for either.
    with transaction.atomic(), connection.cursor() as cursor, planned_afresh(cursor):
        cursor.execute(text, values)
        return int(cursor.rowcount)
