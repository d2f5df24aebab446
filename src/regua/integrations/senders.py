"""The senders: who brings the due rows of ``outbox`` to their bureau, and how many at once.

A bureau that takes 200 ms and allows 50 calls a second is only kept busy by a dozen calls under
way. So a sender begins alone, takes on a helper whenever one of its calls finds its slot free at
once (``throttle``), and lets one go when a call had to wait too long for its slot. Its size follows
the bureau's latency and limit, and callers elsewhere find a short queue before them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta
from functools import cache
from typing import Protocol

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models.functions import Now
from django.utils import timezone
from procrastinate import JobContext

from regua.integrations import gateway, throttle
from regua.integrations.models import Outgoing
from regua.integrations.outbox import Claim, Row, ask_again_in, ask_for_sender, claim, give_back

logger = logging.getLogger(__name__)

CROWDED = 0.3
"""Seconds: where a call waits longer for its slot, there is one caller too many."""
LOOK = 1.0
"""Seconds between two looks whether another job waits for the worker's place."""
SOON = timedelta(seconds=5)
"""What the dispatcher would come to only later than needed."""


class Crew:
    """The helpers that one drain has now, each a thread with its own connections.

    A process has at most ``sender_threads`` of them in all its crews.
    """

    def __init__(self) -> None:
        self.failure: BaseException | None = None
        """What broke the work of one of its threads: the others stop, too."""
        self._work: Callable[[bool], None] | None = None
        self._helpers = 0
        self._starting = False
        self._changed = threading.Condition()

    def run(self, work: Callable[[bool], None]) -> None:
        """Do ``work(False)`` here, and ``work(True)`` in every helper until it has none."""
        with self._changed:
            self._work = work
        try:
            with _plans_kept():
                work(False)
        except BaseException as error:
            self.failure = error
        with self._changed:
            self._changed.wait_for(lambda: not self._helpers)
            self._work = None
        if self.failure is not None:
            raise self.failure

    def hire(self) -> None:
        """Take on one more helper, if there is work and a place."""
        with self._changed:
            # One at a time: the slots free now may be taken by one that is about to begin.
            if self._work is None or self._starting or not _places().acquire(blocking=False):
                return
            self._starting = True
            threading.Thread(target=self._help, args=[self._work], name="sender").start()
            self._helpers += 1

    def _help(self, work: Callable[[bool], None]) -> None:
        try:
            with _plans_kept():
                self._starting = False
                work(True)
        except BaseException as error:
            self.failure = error
        finally:
            self._starting = False
            gateway.hang_up()
            connection.close()
            _places().release()
            with self._changed:
                self._helpers -= 1
                self._changed.notify_all()


@contextmanager
def _plans_kept() -> Iterator[None]:
    """This thread's connection plans each statement once: a sender repeats a few of them, and to
    plan the legal gate's takes ten times as long as to run it."""
    with connection.cursor() as cursor:
        usual, connection.connection.prepare_threshold = connection.connection.prepare_threshold, 0
        cursor.execute("SET plan_cache_mode = force_generic_plan")
    try:
        yield
    finally:
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("RESET plan_cache_mode")
            connection.connection.prepare_threshold = usual


@cache
def _places() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(settings.CONFIG.sender_threads)


def drain(
    model: type[Row],
    integration_id: int,
    handle: Callable[[Claim[Row]], None],
    *,
    should_stop: Callable[[], bool] = lambda: False,
    crew: Crew | None = None,
) -> int:
    """Hand every due row of an integration to ``handle``; return how many there were.

    A row whose handling breaks is logged and left to its lease; it does not hold up the others.
    While the bureau may not be called the rows are left as they are. With a ``crew``, ``handle``
    and ``should_stop`` are called from several threads.
    """
    count = 0
    counting = threading.Lock()

    def work(helps: bool) -> None:
        nonlocal count
        while not (should_stop() or (crew and crew.failure)):
            taken = claim(model, integration_id)
            if taken is None:
                return
            more = throttle.telling_of_idleness(crew.hire) if crew else nullcontext()
            try:
                with nullcontext() if taken.last else more:
                    handle(taken)
            except throttle.Held:
                give_back(taken)
                return
            except Exception:
                logger.exception("%s %s was left to its lease", model.__name__, taken.pk)
            with counting:
                count += 1
            if taken.last or (helps and throttle.waited() > CROWDED):
                return

    if crew:
        crew.run(work)
    else:
        work(False)
    return count


# --- the jobs ------------------------------------------------------------------------------------


class Drain(Protocol):
    """``drain`` of one kind of row."""

    def __call__(
        self, integration_id: int, *, should_stop: Callable[[], bool], crew: Crew
    ) -> int: ...


_crews: dict[tuple[str, int], Crew] = {}
_crews_lock = threading.Lock()


def run_sender(
    context: JobContext, model: type[Outgoing], integration_id: int, drain: Drain, *, priority: int
) -> None:
    """The work of a sender's job.

    In one process it joins the crew that is at the same work already. It gives up its place when
    another job waits for one and asks for its own next turn; and what is due as soon as the bureau
    may be called again is not left to the dispatcher.
    """
    task = context.job.task_name
    key = (task, integration_id)
    with _crews_lock:
        if at_it := _crews.get(key):
            at_it.hire()
            return  # should that crew be about to end, it looks again once it has left
        crew = _crews[key] = Crew()
    turn = Turn(f"{task}:{integration_id}")
    try:
        drain(
            integration_id,
            should_stop=lambda: context.should_abort() or turn.is_over(),
            crew=crew,
        )
    finally:
        with _crews_lock:
            del _crews[key]
    if not model._default_manager.filter(integration=integration_id, due_at__lte=Now()).exists():
        return
    hold = throttle.hold_of(integration_id)
    left = hold.until - timezone.now() if hold else timedelta(0)
    if left <= timedelta(0):
        ask_for_sender(task, integration_id, priority=priority)
    elif left <= SOON:
        ask_again_in(task, integration_id, left, priority=priority)


class Turn:
    """When a sender should make room: the same job was seen waiting at two looks in a row."""

    def __init__(self, own_lock: str) -> None:
        self._own_lock = own_lock
        self._lock = threading.Lock()
        self._next_look = time.monotonic() + LOOK
        self._seen: int | None = None
        self._over = False

    def is_over(self) -> bool:
        with self._lock:
            if not self._over and time.monotonic() >= self._next_look:
                seen, self._seen = self._seen, self._first_waiting()
                self._over = self._seen is not None and seen == self._seen
                self._next_look = time.monotonic() + LOOK
            return self._over

    def _first_waiting(self) -> int | None:
        # A job that waits for a lock waits for another job, not for a place.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT min(id) FROM procrastinate_jobs WHERE status = 'todo' AND lock IS NULL"
                " AND (scheduled_at IS NULL OR scheduled_at <= now())"
                " AND queueing_lock IS DISTINCT FROM %s",
                [self._own_lock],
            )
            (found,) = cursor.fetchone()
        return int(found) if found is not None else None
