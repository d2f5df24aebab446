"""A real worker process between the database and the real sandbox bureau, and its sudden death."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import accumulate, pairwise

import pytest
from django.db import connection
from django.db.models import Model, QuerySet
from django.utils import timezone

from regua.accounts.models import User
from regua.inquiries.services import inquiry_request
from regua.integrations.models import BureauCall, Integration
from regua.organization.models import Branch
from regua.receivables.services import payment_record
from regua.restrictions.choices import MOVES, Status
from regua.restrictions.models import Restriction
from regua.restrictions.sender import restrictions_drain
from regua.restrictions.services import removal_request
from tests import factories
from tests.processes.running import Running, eventually, running_worker, workers_alive
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

LIST, REMOVE, INQUIRE = (
    "POST /v1/negativacoes",
    "POST /v1/negativacoes/{protocolo}/baixa",
    "POST /v1/consultas",
)


def reaches(row: Model, *statuses: str, seconds: float = 25.0) -> None:
    def there() -> bool:
        row.refresh_from_db()
        return row.status in statuses  # type: ignore[attr-defined,no-any-return]

    try:
        eventually(there, seconds)
    except AssertionError:
        raise AssertionError(f"{row} is {row.status}: {row.problem}") from None  # type: ignore[attr-defined]


def ledger_of(sandbox: Sandbox, row: Restriction) -> list[dict[str, str]]:
    key = str(row.idempotency_key)
    return [line for line in sandbox.ledger() if line["referencia"] == key]


def assert_agreed(sandbox: Sandbox, row: Restriction, situation: str) -> None:
    """Both sides know this debt exactly once, and say the same of it."""
    row.refresh_from_db()
    [line] = ledger_of(sandbox, row)
    assert (line["protocolo"], line["situacao"]) == (row.protocol, situation)
    assert (line["valor"], line["vencimento"]) == (str(row.amount), str(row.due_date))
    assert (row.unknown, row.due_at, row.problem) == (False, None, "")


def assert_lawful_history(row: Restriction) -> None:
    """Each event starts where the one before it ended, by a move that the table allows."""
    events = list(row.events.order_by("id"))
    for earlier, later in pairwise(events):
        assert later.status_before == earlier.status
        assert later.status == earlier.status or later.status in MOVES[Status(earlier.status)]
    versions = [event.bureau_version for event in events if event.bureau_version]
    assert versions == sorted(versions)


def test_the_whole_story_is_carried_by_a_worker(
    ask: Callable[[], Restriction],
    integration: Integration,
    branch: Branch,
    operator: User,
    sandbox: Sandbox,
) -> None:
    customer = factories.customer(branch)
    inquiry = inquiry_request(
        actor=operator, branch=branch, document=customer.document, customer=customer
    )
    listing = ask()
    with running_worker() as worker:
        reaches(inquiry, "answered")
        assert [charge["protocolo"] for charge in sandbox.charges()] == [inquiry.protocol]
        reaches(listing, Status.ACTIVE)
        assert_agreed(sandbox, listing, "ATIVA")

        payment_record(
            receivable=listing.receivable,
            actor=operator,
            amount=listing.amount,
            paid_on=listing.due_date,
        )
        removal_request(restriction=listing, actor=operator, reason="paid")
        reaches(listing, Status.REMOVED)
        assert_agreed(sandbox, listing, "BAIXADA")
        assert worker.stop() == 0
        assert_log_is_clean(worker, customer.document, listing.debtor["document"])
    assert_lawful_history(listing)
    # The change feed may tell of a step before the answer to the call that brought it about, or
    # only of a later one: "sent" and "removal sent" may be passed over, these may not.
    assert {event.status for event in listing.events.all()} >= {
        Status.QUEUED,
        Status.ACTIVE,
        Status.REMOVAL_QUEUED,
        Status.REMOVED,
    }
    assert len(sandbox.ledger()) == 1
    assert BureauCall.objects.filter(outcome="pending").count() == 0


def assert_log_is_clean(worker: Running, *documents: str) -> None:
    log = worker.log()
    assert "Traceback" not in log
    for personal in (*documents, "Maria Exemplo", "segredo-demo"):
        assert personal not in log


def test_a_worker_killed_while_the_bureau_answers_changes_nothing_in_the_end(
    ask: Callable[[], Restriction],
    integration: Integration,
    branch: Branch,
    operator: User,
    sandbox: Sandbox,
) -> None:
    to_remove = ask()
    restrictions_drain(integration.pk)
    to_remove.refresh_from_db()
    assert to_remove.status == Status.SENT
    before = sandbox.calls()
    # Each of the three POSTs is heard and acted upon, its answer held back until the worker dies.
    sandbox.add_faults(
        *(
            {"method": "POST", "path": path, "kind": "timeout", "done": True, "times": 1}
            for path in ("^/v1/negativacoes$", "^/v1/negativacoes/.*/baixa$", "^/v1/consultas$")
        )
    )
    # The change feed would settle them too; here the senders are on their own.
    Integration.objects.update(last_sync_at=timezone.now())
    quiet = {"REGUA_SYNC_INTERVAL": "3600"}
    with running_worker(REGUA_BUREAU_TIMEOUT="8", REGUA_SENDER_LEASE="9", **quiet) as worker:
        eventually(workers_alive)
        to_list = ask()
        inquiry = inquiry_request(
            actor=operator, branch=branch, document=factories.customer(branch).document
        )
        eventually(lambda: calls_under_way() == 2)
        removal_request(restriction=to_remove, actor=operator, reason="paid")
        eventually(lambda: calls_under_way() == 3)
        eventually(lambda: len(sandbox.ledger()) == 2 and len(sandbox.charges()) == 1)
        worker.kill()
    for row, status in (
        (to_list, Status.QUEUED),
        (to_remove, Status.REMOVAL_QUEUED),
        (inquiry, "queued"),
    ):
        row.refresh_from_db()
        assert (row.status, row.unknown) == (status, True), "nobody can tell what became of it"

    with running_worker(**quiet):
        reaches(inquiry, "answered")
        reaches(to_list, Status.SENT, Status.NOTIFIED, Status.ACTIVE)
        reaches(to_remove, Status.REMOVAL_SENT, Status.REMOVED)
    with running_worker():
        reaches(to_list, Status.ACTIVE)
        reaches(to_remove, Status.REMOVED)
    assert_agreed(sandbox, to_list, "ATIVA")
    assert_agreed(sandbox, to_remove, "BAIXADA")
    assert_lawful_history(to_list)
    assert_lawful_history(to_remove)
    assert len(sandbox.ledger()) == 2
    assert [charge["protocolo"] for charge in sandbox.charges()] == [inquiry.protocol]
    assert not inquiry.unknown
    after = sandbox.calls()
    assert after[LIST] - before[LIST] == 1, "it was looked up, not repeated"
    assert after[REMOVE] == 1, "it was looked up, not repeated"
    assert after[INQUIRE] == 2, "a question is repeated under its key, and charged once"


def calls_under_way() -> int:
    """POSTs that left and have no answer yet."""
    return BureauCall.objects.filter(method="POST", outcome="pending").count()


def test_lost_answers_leave_one_listing_on_both_sides(
    ask: Callable[[], Restriction], sandbox: Sandbox
) -> None:
    path = "^/v1/negativacoes$"
    sandbox.add_faults(
        {"method": "POST", "path": path, "kind": "lost_answer", "times": 1},
        {"method": "POST", "path": path, "kind": "status", "status": 503, "done": True, "times": 1},
        {"method": "POST", "path": path, "kind": "garbled", "times": 1},
        {"method": "POST", "path": path, "kind": "drop", "times": 1},
    )
    listings = [ask() for _ in range(4)]
    with running_worker() as worker:
        for listing in listings:
            reaches(listing, Status.ACTIVE)
        worker.stop()
        assert_log_is_clean(worker, *(listing.debtor["document"] for listing in listings))
    for listing in listings:
        assert_agreed(sandbox, listing, "ATIVA")
        assert_lawful_history(listing)
    assert len(sandbox.ledger()) == 4
    assert sandbox.calls()[LIST] == 5, "only what was dropped unheard was sent again"


def test_two_workers_bring_thirty_listings_once_each(
    ask: Callable[[], Restriction], sandbox: Sandbox
) -> None:
    sandbox.add_faults({"method": "POST", "path": "/v1/", "kind": "latency", "seconds": 0.1})
    with running_worker() as one, running_worker() as other:
        eventually(lambda: workers_alive() == 2)
        # Asked for one by one while both workers run: senders come and go all the time.
        listings = [ask() for _ in range(30)]
        for listing in listings:
            reaches(listing, Status.SENT, Status.NOTIFIED, Status.ACTIVE)
        assert (one.stop(), other.stop()) == (0, 0)
        assert_log_is_clean(one)
        assert_log_is_clean(other)
    assert sandbox.calls()[LIST] == 30, "every answer came, so nothing was sent twice"
    for listing in listings:
        [line] = ledger_of(sandbox, listing)
        assert line["protocolo"] == listing.protocol
        assert not listing.unknown
    assert len(sandbox.ledger()) == 30
    posts = BureauCall.objects.filter(method="POST", path="/v1/negativacoes")
    assert most_at_once(posts) > 1, "the senders did not work side by side: this proved nothing"
    assert sorted(posts.values_list("subject", flat=True)) == sorted(
        f"restriction:{listing.pk}" for listing in listings
    )


def most_at_once(calls: QuerySet[BureauCall]) -> int:
    """How many of these calls were under way at the same moment."""
    moments: list[tuple[datetime, int]] = []
    for call in calls:
        moments.append((call.started_at, 1))
        moments.append((call.started_at + timedelta(milliseconds=call.duration_ms or 0), -1))
    return max(accumulate(step for _, step in sorted(moments)))


def test_a_worker_whose_database_connections_are_cut_goes_on(
    ask: Callable[[], Restriction], sandbox: Sandbox
) -> None:
    """As when PostgreSQL restarts or a standby takes over."""
    with running_worker() as worker:
        before = ask()
        reaches(before, Status.ACTIVE)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert cursor.fetchone()[0] > 1
        after = ask()
        reaches(after, Status.ACTIVE, seconds=60)
        assert worker.process.poll() is None
        assert worker.stop() == 0
    assert_agreed(sandbox, after, "ATIVA")
