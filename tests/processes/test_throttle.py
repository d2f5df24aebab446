"""Workers that share one bureau: its limit, its silence, and many calls under way at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from regua.accounts.models import User
from regua.inquiries.services import inquiry_request
from regua.integrations.models import Integration, Throttle
from regua.organization.models import Branch
from regua.restrictions.choices import Status
from regua.restrictions.models import Restriction
from tests import factories
from tests.processes.running import eventually, running_worker, workers_alive
from tests.processes.test_worker import LIST, calls_under_way, reaches
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

GONE = (Status.SENT, Status.NOTIFIED, Status.ACTIVE)


def test_one_sender_has_many_calls_under_way_and_leaves_them_well(
    ask: Callable[[], Restriction], sandbox: Sandbox
) -> None:
    sandbox.add_faults({"method": "POST", "path": "/v1/", "kind": "latency", "seconds": 1.5})
    with running_worker() as worker:
        eventually(workers_alive)
        with transaction.atomic():  # one sender is asked for, not one by one
            listings = [ask() for _ in range(12)]
        eventually(lambda: calls_under_way() >= 4)
        assert worker.stop() == 0, "it waits for the calls under way"
        assert calls_under_way() == 0
    for listing in listings:
        listing.refresh_from_db()
        assert not listing.unknown, "each answer was recorded before the worker left"
        assert (listing.status == Status.QUEUED) == (listing.attempts == 0)
    assert sandbox.calls()[LIST] == sum(listing.attempts for listing in listings) >= 4


def test_two_workers_together_keep_to_the_limit(
    ask: Callable[[], Restriction], integration: Integration, sandbox: Sandbox
) -> None:
    Integration.objects.update(calls_per_second=10, last_sync_at=timezone.now())
    quiet = {"REGUA_SYNC_INTERVAL": "3600"}
    with running_worker(**quiet) as one, running_worker(**quiet) as other:
        eventually(lambda: workers_alive() == 2)
        before, began = sum(sandbox.calls().values()), time.monotonic()
        listings = [ask() for _ in range(25)]
        for listing in listings:
            reaches(listing, *GONE)
        took = time.monotonic() - began
        made = sum(sandbox.calls().values()) - before
        assert (one.stop(), other.stop()) == (0, 0)
    assert made >= 25
    assert took >= (made - 1) / 10, "more calls left than the limit allows"


def test_what_waits_for_a_bureau_leaves_when_it_is_back(
    ask: Callable[[], Restriction],
    integration: Integration,
    branch: Branch,
    operator: User,
    sandbox: Sandbox,
) -> None:
    until = timezone.now() + timedelta(hours=1)
    Throttle.objects.update(failures=5, failing_since=timezone.now(), open_until=until, openings=1)
    with running_worker() as worker:
        eventually(workers_alive)
        before = sum(sandbox.calls().values())
        listings = [ask() for _ in range(3)]
        inquiry = inquiry_request(
            actor=operator, branch=branch, document=factories.ordinary_document()
        )
        time.sleep(6)  # the dispatchers have been
        for row in (*listings, inquiry):
            row.refresh_from_db()
            assert (row.status, row.attempts) == ("queued", 0)
        assert sum(sandbox.calls().values()) == before
        Throttle.objects.update(open_until=timezone.now())
        reaches(inquiry, "answered")
        for listing in listings:
            reaches(listing, *GONE)
            assert listing.attempts == 1
        assert worker.stop() == 0
        assert "Traceback" not in worker.log()
    closed = Throttle.objects.get(integration=integration)
    assert (closed.failures, closed.open_until) == (0, None)
