"""The queue's own housekeeping, run by a real worker in this process."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from procrastinate.contrib.django import app

from regua.project.jobs import retry_stalled

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _empty_queue() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


def add(status: str, lock: str) -> int:
    """A job of nobody's queue; one that is ``doing`` lost its worker."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, status)"
            " VALUES ('elsewhere', 'task', %s, %s::procrastinate_job_status) RETURNING id",
            [lock, status],
        )
        return int(cursor.fetchone()[0])


def jobs() -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, status::text FROM procrastinate_jobs WHERE queue_name = 'elsewhere'"
        )
        return dict(cursor.fetchall())


def take_up_stalled() -> None:
    retry_stalled.configure(queue="now").defer(timestamp=0)
    connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]

    async def work() -> None:
        with app.replace_connector(connector) as replaced:
            async with replaced.open_async():
                await replaced.run_worker_async(
                    queues=["now"], wait=False, install_signal_handlers=False, listen_notify=False
                )

    # In a thread of its own: a browser's test may have left an event loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(work())).result()


def test_a_stalled_job_whose_like_waits_already_does_not_hold_up_the_others() -> None:
    add("doing", "restrictions.send:1")
    waiting = add("todo", "restrictions.send:1")
    other = add("doing", "restrictions.send:2")
    take_up_stalled()
    assert jobs() == {waiting: "todo", other: "todo"}
