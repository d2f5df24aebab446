"""A request committed at an unlucky moment is not left lying until the dispatcher comes by."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from psycopg import sql

from regua.accounts.models import User
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.restrictions.choices import Status
from regua.restrictions.models import Restriction
from regua.restrictions.services import SENDER, restriction_request
from tests import factories
from tests.processes.running import database_url, eventually, running_worker

pytestmark = pytest.mark.django_db(transaction=True)

PROMPTLY = 3.0
"""The worker looks every two seconds; the dispatcher would need five."""


@contextmanager
def other_connection(**options: Any) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database_url(), **options) as other:
        yield other


def senders(other: psycopg.Connection[Any], status: str) -> list[int]:
    found = other.execute(
        "SELECT id FROM procrastinate_jobs WHERE task_name = %s AND status::text = %s ORDER BY id",
        [SENDER, status],
    )
    return [row[0] for row in found]


def take_a_job(worker: psycopg.Connection[Any]) -> Any:
    """What a worker does to take the next job, by procrastinate's own function."""
    worker.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
    return worker.execute(
        "SELECT id FROM procrastinate_fetch_job_v2("
        "ARRAY['bureau'], (SELECT max(id) FROM procrastinate_workers))"
    ).fetchone()[0]


def test_a_waiting_sender_is_not_taken_before_the_newcomer_has_committed(
    ask: Callable[[], Restriction],
) -> None:
    first = ask()
    with ExitStack() as stack:
        watcher = stack.enter_context(other_connection(autocommit=True))
        [job] = senders(watcher, "todo")
        with transaction.atomic():
            second = ask()
            assert take_a_job(watcher) is None, "a worker passes the share-locked job by"
            stack.enter_context(running_worker())
            eventually(lambda: count(watcher, "procrastinate_workers") == 2)
            time.sleep(2.5)  # it has looked at the queue, and its dispatchers have been
            assert senders(watcher, "todo") == [job], "one waiting sender is enough"
            assert senders(watcher, "doing") == []
        committed = time.monotonic()
        for row in (first, second):
            eventually(lambda row=row: status_of(row) != Status.QUEUED)
        assert time.monotonic() - committed < PROMPTLY


def test_a_request_that_meets_a_sender_being_taken_asks_for_another(
    ask: Callable[[], Restriction],
    integration: Integration,
    branch: Branch,
    operator: User,
) -> None:
    ask()
    with other_connection() as worker, other_connection(autocommit=True) as watcher:
        [taken] = senders(watcher, "todo")
        assert take_a_job(worker) == taken  # not committed yet: the job still looks waiting
        newcomer = factories.receivable(factories.customer(branch))

        def request() -> None:
            try:
                restriction_request(receivable=newcomer, actor=operator)
            finally:
                connection.close()

        asking = threading.Thread(target=request)
        asking.start()
        eventually(lambda: waits_for_a_lock(watcher))
        worker.commit()
        asking.join(10)
        assert not asking.is_alive()
        # The one taken may already have looked for rows; the newcomer has a sender of its own.
        assert senders(watcher, "doing") == [taken]
        [fresh] = senders(watcher, "todo")
        assert fresh != taken
        assert count(watcher, "restrictions_restriction") == 2


def test_a_withdrawn_request_leaves_no_sender_and_holds_up_nobody(
    ask: Callable[[], Restriction], branch: Branch, operator: User
) -> None:
    with other_connection(autocommit=True) as watcher:
        other = factories.receivable(factories.customer(branch))
        failures: list[BaseException] = []

        def request() -> None:
            try:
                restriction_request(receivable=other, actor=operator)
            except BaseException as error:
                failures.append(error)
            finally:
                connection.close()

        asking = threading.Thread(target=request)
        with transaction.atomic():
            ask()  # its sender is not committed: the other request waits to see what becomes of it
            asking.start()
            eventually(lambda: waits_for_a_lock(watcher))
            transaction.set_rollback(True)
        asking.join(10)
        assert not asking.is_alive()
        assert failures == []
        assert len(senders(watcher, "todo")) == 1
        assert count(watcher, "restrictions_restriction") == 1


def count(watcher: psycopg.Connection[Any], table: str) -> int:
    row = watcher.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
    return int(row.fetchone()[0])  # type: ignore[index]


def status_of(row: Restriction) -> str:
    row.refresh_from_db()
    return row.status


def waits_for_a_lock(watcher: psycopg.Connection[Any]) -> bool:
    found = watcher.execute(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock'"
    )
    return found.fetchone() is not None
