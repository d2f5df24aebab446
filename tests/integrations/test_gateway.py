"""The line to a bureau: one token for all, a log before each call, never inside a transaction."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from regua.accounts.models import User
from regua.bureaus.connection import CallStart
from regua.bureaus.errors import Misconfigured
from regua.inquiries.models import Inquiry
from regua.inquiries.services import inquiry_request
from regua.integrations import gateway, outbox
from regua.integrations.models import BureauCall, Integration
from tests import factories
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def forget_token() -> None:
    Integration.objects.update(token_sealed="", token_expires_at=None)


def ask(integration: Integration) -> None:
    with gateway.line(integration, purpose="test") as client:
        client.products()


def token_fetches(sandbox: Sandbox) -> int:
    return sum(n for route, n in sandbox.calls().items() if "oauth" in route)


def test_thirty_callers_fetch_one_token(integration: Integration, sandbox: Sandbox) -> None:
    forget_token()
    before = token_fetches(sandbox)
    start = threading.Barrier(30)
    failures: list[BaseException] = []

    def call() -> None:
        try:
            start.wait()
            ask(integration)
        except BaseException as error:
            failures.append(error)
        finally:
            gateway.hang_up()
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert token_fetches(sandbox) - before == 1


def test_the_token_and_its_date_are_kept_by_the_system(integration: Integration) -> None:
    integration.refresh_from_db()
    assert integration.unseal("token")
    assert integration.unseal("token") not in integration.token_sealed
    assert integration.token_updated_at is not None


def test_a_token_near_its_end_is_replaced(integration: Integration, sandbox: Sandbox) -> None:
    Integration.objects.update(token_expires_at=timezone.now() + timedelta(seconds=5))
    before = token_fetches(sandbox)
    ask(integration)
    assert token_fetches(sandbox) - before == 1


def test_a_revoked_token_is_replaced_and_the_call_repeated(
    integration: Integration, sandbox: Sandbox
) -> None:
    sandbox.revoke_tokens()
    before = token_fetches(sandbox)
    ask(integration)
    assert token_fetches(sandbox) - before == 1
    last = BureauCall.objects.order_by("-id")[:3]
    assert [call.http_status for call in last] == [200, 200, 401], "products, token, products"


def test_wrong_credentials_are_said_in_a_sentence(
    integration: Integration, sandbox: Sandbox
) -> None:
    forget_token()
    integration.seal("client_secret", "errado")
    integration.save()
    with pytest.raises(Misconfigured, match="Client Secret") as caught:
        ask(integration)
    assert "errado" not in str(caught.value)


def test_the_log_is_there_while_the_call_is_under_way(
    integration: Integration, sandbox: Sandbox, operator: User
) -> None:
    sandbox.add_faults({"path": "/v1/produtos", "kind": "latency", "seconds": 0.6, "times": 1})

    def call() -> None:
        with gateway.line(integration, purpose="test", subject="x:1", actor=operator) as client:
            client.products()
        gateway.hang_up()
        connection.close()

    thread = threading.Thread(target=call)
    thread.start()
    time.sleep(0.3)
    row = BureauCall.objects.get(subject="x:1")
    assert (row.outcome, row.http_status, row.actor) == ("pending", None, operator)
    thread.join()
    row.refresh_from_db()
    assert (row.outcome, row.http_status) == ("answered", 200)
    assert row.duration_ms is not None
    assert row.duration_ms >= 500


def test_a_call_that_fails_is_logged_as_failed(integration: Integration) -> None:
    integration.base_url = "http://127.0.0.1:9"
    integration.save()
    with pytest.raises(Exception, match="birô"):
        ask(integration)
    row = BureauCall.objects.latest("id")
    assert (row.outcome, row.http_status) == ("failed", None)
    assert row.error


def test_a_bureau_is_never_called_inside_a_transaction(integration: Integration) -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        ask(integration)


def test_the_log_takes_the_claim_to_the_disk_with_it(
    integration: Integration, operator: User
) -> None:
    inquiry_request(
        actor=operator,
        branch=integration.branch,
        document=factories.ordinary_document(),
    )
    with connection.cursor() as cursor:
        claimed = outbox.claim(Inquiry, integration.pk)
        cursor.execute("SELECT pg_current_wal_insert_lsn()")
        (end_of_claim,) = cursor.fetchone()
        journal = gateway.Journal(integration.pk)
        journal.about = {"purpose": "test", "subject": "x:2", "actor_id": None}
        journal.begin(CallStart(method="POST", path="/v1/consultas", body=None))
        cursor.execute("SELECT pg_current_wal_flush_lsn() >= %s::pg_lsn", [end_of_claim])
        assert cursor.fetchone() == (True,)
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("off",), "what the server says, and nobody else"
    assert claimed is not None
    assert (claimed.unanswered, claimed.row.unknown, claimed.attempts) == (False, True, 1)


def test_a_drain_ends_with_the_last_row_that_was_due(
    integration: Integration, operator: User
) -> None:
    for _ in range(3):
        inquiry_request(
            actor=operator, branch=integration.branch, document=factories.ordinary_document()
        )
    taken = [outbox.claim(Inquiry, integration.pk) for _ in range(4)]
    assert [claim.last if claim else None for claim in taken] == [False, False, True, None]
