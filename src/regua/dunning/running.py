"""What workers do of a run: each slice in a transaction of its own, in whatever order and by
whomever. A killed worker's slice is as it was before; a repeated one finds nothing to do."""

from __future__ import annotations

import logging
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from psycopg.types.json import Jsonb

from regua.compliance.rules import FROM_DEBT
from regua.compliance.selectors import blocking_sql, gate_parameters
from regua.dunning.choices import RunState, SliceState
from regua.dunning.hours import leaves_at
from regua.dunning.models import DunningParameters, DunningRun, DunningSlice
from regua.dunning.selectors import Means, means_of, reached_until, switches_off
from regua.integrations.selectors import integration_of
from regua.organization.models import GeneralParameters
from regua.restrictions.choices import FINAL, LIVE
from regua.restrictions.set_listing import Listed, restrictions_list_set
from regua.web.named import planned_afresh, statement
from regua.web.sql import LAZILY

logger = logging.getLogger(__name__)

_LIVE = ", ".join(f"'{status}'" for status in LIVE)
_FINAL = ", ".join(f"'{status}'" for status in FINAL)
_CLOSED_AT_ONCE = 50_000
_FAILED = (
    "O que já foi feito está feito, uma vez só. Se isto continuar, avise quem instalou a Régua."
)
PAUSING = """array_remove(ARRAY[
    CASE WHEN NOT c.dunned THEN 'customer.dunned' END,
    CASE WHEN c.deceased_on IS NOT NULL THEN 'customer.deceased' END,
    CASE WHEN c.id IN (
        SELECT customer_id FROM dunning_dunningcontact
        WHERE result = 'promise' AND withdrawn_at IS NULL AND promised_on >= %(today)s::date
    ) THEN 'promise' END,
    CASE WHEN c.id IN (
        SELECT customer_id FROM dunning_dunningcontact
        WHERE result = 'paid' AND next_on >= %(today)s::date
    ) THEN 'paid.said' END,
    CASE WHEN r.disputed OR r.id IN (
        SELECT receivable_id FROM receivables_impediment
        WHERE closed_at IS NULL AND kind = 'contest'
    ) THEN 'debt.disputed' END,
    CASE WHEN r.awaiting_confirmation THEN 'debt.awaiting' END,
    CASE WHEN r.renegotiated THEN 'debt.renegotiated' END
]::text[], NULL)"""
"""What stops every step of a debt, over ``r`` and its customer ``c``: codes of ``reasons``."""
_WORK = {
    "dunning_due": (
        "id bigint, customer_id bigint, open_amount numeric, step_id bigint, action text,"
        " channel text, auto_list text, required boolean, pausing text[], note text",
        "id, action, note",
    ),
    "dunning_weighed": (
        "id bigint, customer_id bigint, open_amount numeric, step_id bigint, reasons text[],"
        " note text, cost numeric",
        "id, step_id",
    ),
    "dunning_fit": (
        "id bigint, customer_id bigint, step_id bigint, lists boolean, note text, known boolean",
        "id, lists, note",
    ),
}
"""A slice's work tables: their columns, and those whose values the planner must know of."""
_NEXT: dict[str, tuple[str, str]] = {
    RunState.SIMULATING: (SliceState.WAITING, SliceState.SIMULATED),
    RunState.RUNNING: (SliceState.SIMULATED, SliceState.DONE),
}
"""What a slice is while a run in that state has something to do for it, and afterwards."""


def run_work(run_id: int, *, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Take slices of a run until there is none left for this worker; return how many were done.

    Who takes the last one moves the run on. Any number of workers may do this at once. A slice
    that fails is as it was before; people are told, and the dispatcher has it tried again.
    """
    count = 0
    try:
        while not should_stop() and _work_next(run_id):
            count += 1
    except Exception:
        DunningRun.objects.filter(pk=run_id).update(problem=_FAILED)
        raise
    if not should_stop():
        run_advance(run_id)
    return count


def run_advance(run_id: int) -> bool:
    """Move a run on whose slices are all done; True where this call did it."""
    with transaction.atomic():
        run = DunningRun.objects.select_for_update().filter(pk=run_id).first()
        if run is None or run.state not in _NEXT:
            return False
        before, _ = _NEXT[run.state]
        if run.slices.filter(state=before).exists():
            return False
        now = timezone.now()
        if run.state == RunState.RUNNING:
            run.state, run.finished_at = RunState.DONE, now
        else:
            run.simulated_at = now
            run.state = RunState.SIMULATED if run.needs_approval else RunState.RUNNING
        run.problem = ""
        run.save(update_fields=["state", "finished_at", "simulated_at", "problem"])
    return True


def _work_next(run_id: int) -> bool:
    """Do one slice; False where none is free."""
    with transaction.atomic(), connection.cursor() as cursor:
        # What a power cut takes is a whole slice, done again afterwards. Nothing leaves on its
        # account before it is on disk: a sender's log of a call is, and carries it along.
        cursor.execute(f"SELECT {LAZILY}")
        # Shared, so that pausing waits for the slices under way and these for nobody.
        rows = DunningRun.objects.raw(
            "SELECT * FROM dunning_dunningrun"
            " WHERE id = %s AND state IN ('simulating', 'running') FOR SHARE",
            [run_id],
        )
        found = next(iter(rows), None)
        if found is None:
            return False
        before, _ = _NEXT[found.state]
        part = (
            DunningSlice.objects.select_for_update(skip_locked=True)
            .filter(run=found, state=before)
            .order_by("number")
            .first()
        )
        if part is None:
            return False
        if found.state == RunState.SIMULATING:
            _simulate(found, part)
        else:
            _execute(found, part)
    return True


def _simulate(run: DunningRun, part: DunningSlice) -> None:
    if part.number == 0:
        DunningSlice.objects.filter(pk=part.pk).update(state=SliceState.SIMULATED)
        return
    general = GeneralParameters.current()
    due = statement(
        "dunning",
        "due",
        ladder=statement("dunning", "ladder").strip(),
        pausing=PAUSING,
        final=_FINAL,
    )
    weigh = statement("dunning", "weigh", blocking=blocking_sql(general), from_debt=FROM_DEBT)
    values = {
        **gate_parameters(general=general, today=run.day),
        **_bounds(run, part),
        **_means(means_of(run.branch)),
        "until": reached_until(run.branch, run.day),
        "message_inactive": DunningParameters.current().message_inactive,
        "switches": list(switches_off(run.branch)),
    }
    _work(due, "dunning_due", values)
    _work(weigh, "dunning_weighed", values)
    _run(statement("dunning", "simulate"), values)


def _execute(run: DunningRun, part: DunningSlice) -> None:
    values = _bounds(run, part)
    if part.number == 0:
        closed = _run(statement("dunning", "close", live=_LIVE), values | {"size": _CLOSED_AT_ONCE})
        if closed < _CLOSED_AT_ONCE:
            DunningSlice.objects.filter(pk=part.pk).update(state=SliceState.DONE)
        return
    _work(statement("dunning", "fit", pausing=PAUSING), "dunning_fit", values)
    listed = _list(run)
    _run(statement("dunning", "unlisted", final=_FINAL), values)
    _run(
        statement("dunning", "execute"),
        values
        | {
            "leaves_at": leaves_at(run.branch),
            "listed": listed.count,
            "listed_amount": listed.amount,
        },
    )


def _list(run: DunningRun) -> Listed:
    """List what the slice is to list, unless a switch has been turned off since."""
    integration = integration_of(run.branch)
    if integration is None or switches_off(run.branch):
        return Listed(0, 0, Decimal(0))
    return restrictions_list_set(
        "SELECT id FROM dunning_fit WHERE lists AND note = ''",
        integration=integration,
        on=run.day,
        text=f"Pedida pela régua de cobrança, na execução nº {run.pk}.",
    )


def _bounds(run: DunningRun, part: DunningSlice) -> dict[str, Any]:
    return {
        "run": run.pk,
        "slice": part.pk,
        "branch": run.branch_id,
        "today": run.day,
        "after_customer": part.after_customer,
        "to_customer": part.to_customer,
    }


def _means(means: Means) -> dict[str, Any]:
    return {
        "channels": list(means.message_prices),
        "message_prices": Jsonb({name: str(cost) for name, cost in means.message_prices.items()}),
        "listing_price": means.listing_price,
    }


def _work(text: str, table: str, values: dict[str, Any]) -> None:
    """Fill a work table of this transaction, and tell the planner how much there is in it.

    Nothing is looked up in a table while it fills: the planner takes that one for as empty as it
    was, and would go through all of it for every row.
    """
    columns, telling = _WORK[table]
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS {table} ({columns}) ON COMMIT DROP")
        cursor.execute(f"TRUNCATE {table}")
        _run(text, values, nested_loops=False)
        cursor.execute(f"ANALYZE {table} ({telling})")


def _run(text: str, values: dict[str, Any], *, nested_loops: bool = True) -> int:
    with connection.cursor() as cursor, planned_afresh(cursor, nested_loops=nested_loops):
        cursor.execute(text, {name: values[name] for name in values if f"%({name})s" in text})
        return int(cursor.rowcount)
