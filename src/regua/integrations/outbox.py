"""How rows that must reach a bureau are handed to senders (see ``models.Outgoing``).

One sender job per integration and kind drains whatever is due; a person's click and a run of half a
million rows take the same path. Any number of senders may run at once: each takes one row at a time
with ``SKIP LOCKED``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils import timezone
from procrastinate import exceptions
from procrastinate.contrib.django import app

from regua.integrations.models import Integration, Outgoing

logger = logging.getLogger(__name__)

BUREAU_QUEUE = "bureau"
MAX_DELAY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Claim:
    """A row taken by this sender; nobody else touches it until the lease ends."""

    pk: int
    unanswered: bool
    """An earlier call left for it and its answer was never recorded: look before repeating."""
    attempts: int


def claim(model: type[Outgoing], integration_id: int) -> Claim | None:
    """Take the next due row of an integration, durably, or return None."""
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH due AS (
                SELECT id, unknown FROM {table}
                WHERE integration_id = %s AND due_at <= now()
                ORDER BY due_at FOR UPDATE SKIP LOCKED LIMIT 1
            )
            UPDATE {table} AS row
            SET due_at = now() + make_interval(secs => %s), attempts = attempts + 1,
                unknown = row.unknown OR row.status = ANY(%s)
            FROM due WHERE row.id = due.id
            RETURNING row.id, due.unknown, row.attempts
            """,  # noqa: S608
            [
                integration_id,
                settings.CONFIG.sender_lease,
                [str(status) for status in model.EFFECTFUL],
            ],
        )
        row = cursor.fetchone()
    return Claim(*row) if row else None


def drain(
    model: type[Outgoing],
    integration_id: int,
    handle: Callable[[Claim], None],
    *,
    should_stop: Callable[[], bool] = lambda: False,
) -> int:
    """Hand every due row of an integration to ``handle``; return how many there were.

    A row whose handling breaks is logged and left to its lease; it does not hold up the others.
    """
    count = 0
    with _lazy_commits():
        while not should_stop() and (taken := claim(model, integration_id)) is not None:
            try:
                handle(taken)
            except Exception:
                logger.exception("%s %s was left to its lease", model.__name__, taken.pk)
            count += 1
    return count


@contextmanager
def _lazy_commits() -> Iterator[None]:
    """Let this connection's commits reach the disk a moment later, in their order.

    The claim is on disk when the call leaves all the same, because the call's log is committed for
    good just before (``gateway.Journal.begin``) and carries everything earlier with it. An outcome
    lost in a power cut leaves the row unknown, which is what it then is: it is looked up again.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")
        try:
            yield
        finally:
            cursor.execute("RESET synchronous_commit")


def backoff(attempts: int) -> timedelta:
    """How long to wait after the ``attempts``-th try: doubling, at most a quarter of an hour."""
    seconds = settings.CONFIG.retry_base * 2 ** min(attempts - 1, 20)
    return min(timedelta(seconds=seconds), MAX_DELAY)


def ask_for_sender(task: str, integration_id: int) -> None:
    """Ask, inside the caller's transaction, that ``task`` runs for this integration afterwards.

    One waiting job is enough. Where one waits already it is share-locked until we commit, so that
    no worker can take it, find our row still invisible and finish without it.
    """
    lock = f"{task}:{integration_id}"
    job = app.configure_task(task, queue=BUREAU_QUEUE, queueing_lock=lock)
    for _ in range(5):
        try:
            with transaction.atomic():
                job.defer(integration_id=integration_id)
                return
        except exceptions.AlreadyEnqueued:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT 1 FROM procrastinate_jobs "
                    "WHERE queueing_lock = %s AND status = 'todo' FOR SHARE",
                    [lock],
                )
                if cursor.fetchone():
                    return
    logger.warning("no sender could be asked for %s; the dispatcher will", lock)


def ask_again_in(task: str, integration_id: int, delay: timedelta) -> None:
    """Ask for one more run of ``task`` after ``delay``, for a person who waits before a screen.

    The dispatcher would come to it too, seconds later. Such a job holds no queueing lock: it must
    not stand in the way of one that is wanted at once.
    """
    seconds = max(delay.total_seconds(), 0)
    app.configure_task(task, queue=BUREAU_QUEUE, schedule_in={"seconds": seconds}).defer(
        integration_id=integration_id
    )


def integrations_due(model: type[Outgoing]) -> list[int]:
    """The integrations with rows due now, each found by one look into the index of due rows."""
    due = model._default_manager.filter(integration=OuterRef("pk"), due_at__lte=Now())
    return list(Integration.objects.filter(Exists(due)).values_list("pk", flat=True))


def wake(integration_id: int) -> None:
    """Make what waits for this integration due now: somebody has mended it.

    Rows whose call is unanswered keep their time; the call may still be under way.
    """
    for model in Outgoing.__subclasses__():
        model._default_manager.filter(
            integration_id=integration_id, unknown=False, due_at__gt=timezone.now()
        ).update(due_at=timezone.now())
