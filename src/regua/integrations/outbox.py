"""How rows that must reach a bureau are handed to senders (see ``models.Outgoing``).

One sender job per integration and kind drains whatever is due; a person's click and a run of half a
million rows take the same path. Any number of senders may run at once: each takes one row at a time
with ``SKIP LOCKED`` (``senders``).
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Generic, TypeVar, cast

from django.conf import settings
from django.db import connection
from django.db.models import Exists, Field, OuterRef
from django.db.models.functions import Now
from django.utils import timezone
from procrastinate.contrib.django import app
from psycopg.types.json import Jsonb

from regua.integrations import throttle
from regua.integrations.models import Integration, Outgoing
from regua.web import sql

logger = logging.getLogger(__name__)

BUREAU_QUEUE = "bureau"
MAX_DELAY = timedelta(minutes=15)
URGENT = 10
"""Priority of the jobs that a person waits for before a screen."""

Row = TypeVar("Row", bound=Outgoing)


@dataclass(frozen=True, slots=True)
class Claim(Generic[Row]):
    """A row taken by this sender; nobody else touches it until the lease ends."""

    row: Row
    """As it stands now that it is claimed, its ``integration`` with it."""
    unanswered: bool
    """An earlier call left for it and its answer was never recorded: look before repeating."""
    last: bool
    """Nothing else was due then. What has become due since has asked for a sender of its own."""

    @property
    def pk(self) -> int:
        return int(self.row.pk)

    @property
    def attempts(self) -> int:
        return self.row.attempts


def claim(model: type[Row], integration_id: int) -> Claim[Row] | None:
    """Take the next due row of an integration, or return None; also while its bureau may not be
    called (``throttle``).

    It is on disk when the call leaves, because the call's log is committed for good just before
    (``gateway.Journal.begin``) and carries everything earlier with it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _claim_sql(model),
            [
                integration_id,
                integration_id,
                settings.CONFIG.sender_lease,
                [str(status) for status in model.EFFECTFUL],
            ],
        )
        values = cursor.fetchone()
    if values is None:
        return None
    _, unanswered, last, *values = values
    row, integration = sql.read(values, model, Integration)
    row.integration = integration
    return Claim(row, unanswered, last)


@cache
def _claim_sql(model: type[Outgoing]) -> str:
    """Claim and read in one statement: every call to a bureau begins with it."""
    table = connection.ops.quote_name(model._meta.db_table)
    return f"""
        WITH due AS (
            SELECT id, unknown FROM {table}
            WHERE integration_id = %s AND due_at <= now()
                AND NOT {throttle.HELD.format(integration="%s", breaker="true")}
            ORDER BY due_at FOR UPDATE SKIP LOCKED LIMIT 1
        )
        UPDATE {table} AS row
        SET due_at = now() + make_interval(secs => %s), attempts = attempts + 1,
            unknown = row.unknown OR row.status = ANY(%s)
        FROM due, {Integration._meta.db_table} AS integration
        WHERE row.id = due.id AND integration.id = row.integration_id
        RETURNING {sql.LAZILY}, due.unknown,
            NOT EXISTS (
                SELECT FROM {table} AS other
                WHERE other.integration_id = row.integration_id AND other.due_at <= now()
                    AND other.id <> row.id
            ),
            {sql.columns(model, "row")}, {sql.columns(Integration, "integration")}
        """  # noqa: S608


def settle(claimed: Claim[Row], expected: Collection[str], **changes: object) -> bool:
    """Record what became of a claimed row. False, and nothing is written, where another sender has
    taken it since or its status is none of ``expected`` any more.

    An outcome lost in a power cut leaves the row unknown, which is what it then is: it is looked up
    again. ``changes`` are plain values.
    """
    meta = claimed.row._meta
    fields = [cast("Field[Any, Any]", meta.get_field(name)) for name in changes]
    values = [
        field.get_db_prep_save(value, connection)
        for field, value in zip(fields, changes.values(), strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            _settle_sql(meta.db_table, tuple(str(field.column) for field in fields)),
            [*values, claimed.pk, claimed.attempts, [str(status) for status in expected]],
        )
        return cursor.rowcount == 1


@cache
def _settle_sql(table: str, columns: tuple[str, ...]) -> str:
    quote = connection.ops.quote_name
    changes = ", ".join(f"{quote(column)} = %s" for column in columns)
    return (
        f"UPDATE {quote(table)} SET {changes} "  # noqa: S608
        f"WHERE id = %s AND attempts = %s AND status = ANY(%s) RETURNING {sql.LAZILY}"
    )


def give_back(claimed: Claim[Row]) -> None:
    """Undo a claim for which no call has left: it is due again, and no attempt was made."""
    settle(
        claimed,
        [claimed.row.status],  # type: ignore[attr-defined]
        due_at=timezone.now(),
        attempts=claimed.attempts - 1,
        unknown=claimed.unanswered,
    )


def backoff(attempts: int) -> timedelta:
    """How long to wait after the ``attempts``-th try: doubling, at most a quarter of an hour."""
    seconds = settings.CONFIG.retry_base * 2 ** min(attempts - 1, 20)
    return min(timedelta(seconds=seconds), MAX_DELAY)


def ask_for_sender(task: str, integration_id: int, *, priority: int = 0) -> None:
    """Ask, inside the caller's transaction, that ``task`` runs for this integration afterwards.

    One waiting job is enough. Where one waits already it is share-locked until we commit, so that
    no worker can take it, find our row still invisible and finish without it.
    """
    parameters = sender_parameters(task, integration_id, priority=priority)
    with connection.cursor() as cursor:
        for _ in range(5):
            cursor.execute(f"WITH {asking()} SELECT FROM sender", parameters)
            if cursor.rowcount:
                return
    logger.warning("no sender could be asked for %s; the dispatcher will", parameters["lock"])


def sender_parameters(task: str, integration_id: int, *, priority: int = 0) -> dict[str, Any]:
    """What ``asking`` needs."""
    return {
        "task": task,
        "queue": BUREAU_QUEUE,
        "priority": priority,
        "lock": f"{task}:{integration_id}",
        "arguments": Jsonb({"integration_id": integration_id}),
    }


@cache
def asking(rows: str = "(VALUES (1)) AS once") -> str:
    """``ask_for_sender`` as part of a statement that writes the ``rows``, too.

    No ``sender`` comes of it where another asked at this very moment: ask once more.
    """
    # Procrastinate's own ``defer`` reports a waiting job by an error, which would cost a savepoint
    # and four round trips more.
    return f"""
        added AS (
            INSERT INTO procrastinate_jobs (queue_name, task_name, priority, queueing_lock, args)
            SELECT %(queue)s::varchar, %(task)s::varchar, %(priority)s, %(lock)s::varchar,
                %(arguments)s
            FROM {rows}
            ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
            RETURNING id
        ),
        waiting AS (
            SELECT id FROM procrastinate_jobs
            WHERE queueing_lock = %(lock)s::varchar AND status = 'todo' FOR SHARE
        ),
        sender AS (SELECT id FROM added UNION ALL SELECT id FROM waiting)
    """  # noqa: S608


def ask_again_in(task: str, integration_id: int, delay: timedelta, *, priority: int = 0) -> None:
    """Ask for one more run of ``task`` after ``delay``, for a person who waits before a screen.

    The dispatcher would come to it too, seconds later. Such a job holds no queueing lock: it must
    not stand in the way of one that is wanted at once.
    """
    seconds = max(delay.total_seconds(), 0)
    app.configure_task(
        task, queue=BUREAU_QUEUE, priority=priority, schedule_in={"seconds": seconds}
    ).defer(integration_id=integration_id)


def integrations_due(model: type[Outgoing]) -> list[int]:
    """The integrations with rows due now whose bureau may be called, each found by one look into
    the index of due rows."""
    due = model._default_manager.filter(integration=OuterRef("pk"), due_at__lte=Now())
    rows = Integration.objects.filter(Exists(due), ~throttle.held())
    return list(rows.values_list("pk", flat=True))


def wake(integration_id: int) -> None:
    """Make what waits for this integration due now: somebody has mended it.

    Rows whose call is unanswered keep their time; the call may still be under way.
    """
    throttle.mended(integration_id)
    for model in Outgoing.__subclasses__():
        model._default_manager.filter(
            integration_id=integration_id, unknown=False, due_at__gt=timezone.now()
        ).update(due_at=timezone.now())
