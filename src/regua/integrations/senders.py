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
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from functools import cache
from typing import Generic, Protocol

from django.conf import settings
from django.db import connection
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


def drain(
    model: type[Row],
    integration_id: int,
    handle: Callable[[Claim[Row]], None],
    *,
    should_stop: Callable[[], bool] = lambda: False,
    helpers: bool = False,
) -> int:
    """Hand every due row of an integration to ``handle``; return how many there were.

    A row whose handling breaks is logged and left to its lease; it does not hold up the others.
    While the bureau may not be called the rows are left as they are. With ``helpers``, ``handle``
    and ``should_stop`` are called from several threads.
    """
    crew = _Crew(model, integration_id, handle, should_stop, helpers)
    crew.run()
    return crew.count


@cache
def _places() -> threading.BoundedSemaphore:
    """The helpers that this process may have at the same time, each with its own connections."""
    return threading.BoundedSemaphore(settings.CONFIG.sender_threads)


class _Crew(Generic[Row]):
    """The caller's thread and the helpers that one drain has now."""

    def __init__(
        self,
        model: type[Row],
        integration_id: int,
        handle: Callable[[Claim[Row]], None],
        should_stop: Callable[[], bool],
        helpers: bool,
    ) -> None:
        self._model, self._integration_id = model, integration_id
        self._handle, self._should_stop, self._helped = handle, should_stop, helpers
        self._changed = threading.Condition()
        self._helpers = 0
        self._failure: BaseException | None = None
        self.count = 0

    def run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self._failure = error
            raise
        finally:
            with self._changed:
                self._changed.wait_for(lambda: not self._helpers)
        if self._failure is not None:
            raise self._failure

    def _work(self, *, helps: bool = False) -> None:
        while not self._is_over() and (taken := claim(self._model, self._integration_id)):
            alone = taken.last or not self._helped
            try:
                with nullcontext() if alone else throttle.telling_of_idleness(self._hire):
                    self._handle(taken)
            except throttle.Held:
                give_back(taken)
                return
            except Exception:
                logger.exception("%s %s was left to its lease", self._model.__name__, taken.pk)
            with self._changed:
                self.count += 1
            if taken.last or (helps and throttle.waited() > CROWDED):
                return

    def _is_over(self) -> bool:
        return self._failure is not None or self._should_stop()

    def _hire(self) -> None:
        if not _places().acquire(blocking=False):
            return
        with self._changed:
            self._helpers += 1
        threading.Thread(target=self._help, name=f"sender-{self._integration_id}").start()

    def _help(self) -> None:
        try:
            self._work(helps=True)
        except BaseException as error:
            self._failure = error
        finally:
            gateway.hang_up()
            connection.close()
            _places().release()
            with self._changed:
                self._helpers -= 1
                self._changed.notify_all()


# --- the jobs ------------------------------------------------------------------------------------


class Drain(Protocol):
    """``drain`` of one kind of row."""

    def __call__(
        self, integration_id: int, *, should_stop: Callable[[], bool], helpers: bool
    ) -> int: ...


_at_it: set[tuple[str, int]] = set()
_at_it_lock = threading.Lock()


def run_sender(
    context: JobContext, model: type[Outgoing], integration_id: int, drain: Drain, *, priority: int
) -> None:
    """The work of a sender's job; one of its kind and integration at a time in a process.

    It gives up its place when another job waits for one, asks for its own next turn, and sees to it
    that what is due when the bureau may be called again is not left to the dispatcher.
    """
    task = context.job.task_name
    key = (task, integration_id)
    with _at_it_lock:
        if key in _at_it:
            return  # it looks again below, after it has left the set: nothing is left lying
        _at_it.add(key)
    turn = _Turn(f"{task}:{integration_id}")
    try:
        drain(
            integration_id,
            should_stop=lambda: context.should_abort() or turn.is_over(),
            helpers=True,
        )
    finally:
        with _at_it_lock:
            _at_it.remove(key)
    if not model._default_manager.filter(integration=integration_id, due_at__lte=Now()).exists():
        return
    hold = throttle.hold_of(integration_id)
    left = hold.until - timezone.now() if hold else timedelta(0)
    if left <= timedelta(0):
        ask_for_sender(task, integration_id, priority=priority)
    elif left <= SOON:
        ask_again_in(task, integration_id, left, priority=priority)


class _Turn:
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
