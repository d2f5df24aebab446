"""The sandbox's signed webhooks over real HTTP to a real web server."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from django.db import connection
from django.utils import timezone

from regua.integrations.models import Integration
from regua.integrations.vault import VaultError
from regua.restrictions.choices import Source, Status
from regua.restrictions.inbox import deliveries_purge, inbox_drain
from regua.restrictions.models import Restriction, RestrictionEvent, WebhookDelivery
from regua.restrictions.sender import restrictions_drain
from regua.sandbox.webhooks import SIGNATURE_HEADER, signature
from tests.processes.running import Running, eventually, running_web, running_worker
from tests.processes.test_worker import assert_agreed, assert_lawful_history, reaches
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "webhook-demo"


@pytest.fixture
def web(integration: Integration, sandbox: Sandbox) -> Iterator[tuple[Running, str]]:
    """A web server that the sandbox tells its news to; its process and the webhook's address."""
    with running_web() as (process, url):
        address = f"{url}/webhooks/biro/{integration.webhook_id}"
        sandbox.set_webhook(address)
        try:
            yield process, address
        finally:
            sandbox.set_webhook(None)


def tells(listing: Restriction, status: Status) -> None:
    """What is delivered brings the listing there, nobody else being at work."""

    def there() -> bool:
        inbox_drain(listing.integration_id)
        listing.refresh_from_db()
        return listing.status == status

    eventually(there)


@pytest.fixture
def unread(integration: Integration) -> None:
    """No sync comes between."""
    Integration.objects.filter(pk=integration.pk).update(last_sync_at=timezone.now())


def test_news_doubled_late_and_out_of_order_ends_right(
    web: tuple[Running, str],
    ask: Callable[[], Restriction],
    integration: Integration,
    sandbox: Sandbox,
) -> None:
    process, _ = web
    sandbox.add_faults(
        {"kind": "webhook_duplicate"},
        {"kind": "webhook_disorder", "times": 3, "seconds": 0.5},
        {"kind": "webhook_delay", "times": 1, "skip": 3, "seconds": 0.5},
    )
    listings = [ask() for _ in range(4)]
    restrictions_drain(integration.pk)
    for listing in listings:
        tells(listing, Status.ACTIVE)
    eventually(lambda: all(item["situacao"] == "ENTREGUE" for item in sandbox.deliveries()))
    assert len(sandbox.deliveries()) == 16, "two pieces of news of each, each told twice"
    for listing in listings:
        assert_agreed(sandbox, listing, "ATIVA")
        assert_lawful_history(listing)
        told = listing.events.filter(source=Source.WEBHOOK)
        assert told.filter(status=Status.ACTIVE).count() == 1, "told twice, noted once"
    late = [listing for listing in listings if not listing.events.filter(status="notified")]
    assert late, "none was overtaken: this proved nothing"

    # The bureau takes one off by itself.
    sandbox.force(listings[0].protocol, "BAIXADA", codigo_baixa="96")
    tells(listings[0], Status.REMOVED)
    assert_agreed(sandbox, listings[0], "BAIXADA")
    assert listings[0].events.order_by("id").last().text.startswith("O birô baixou por conta")
    process.stop()
    log = process.log()
    assert "Traceback" not in log
    for listing in listings:
        assert listing.debtor["document"] not in log


def test_what_cannot_be_trusted_is_turned_away_and_changes_nothing(
    web: tuple[Running, str],
    ask: Callable[[], Restriction],
    integration: Integration,
    sandbox: Sandbox,
) -> None:
    process, address = web
    sandbox.set_webhook(None)
    listing = ask()
    restrictions_drain(integration.pk)
    listing.refresh_from_db()
    good = news_of(listing)
    before = (listing.status, listing.bureau_version, RestrictionEvent.objects.count())
    now = int(time.time())

    def told(body: bytes, *, to: str = address, **signed: Any) -> int:
        signed = {"secret": SECRET, "moment": now} | signed
        header = signed.get("header", signature(signed["secret"], body, signed["moment"]))
        headers = {SIGNATURE_HEADER.encode(): header.encode()}
        content = iter([body]) if signed.get("chunked") else body
        return httpx2.post(to, content=content, headers=headers, timeout=10).status_code

    unknown = address.rpartition("/")[0] + f"/{uuid.uuid4()}"
    wrong_amount = json.dumps({**json.loads(good), "negativacao": {"protocolo": 7}}).encode()
    refused = {
        "forged": told(good, secret="adivinhado"),
        "signed for another body": told(good, header=signature(SECRET, good + b" ", now)),
        "unsigned": told(good, header=""),
        "nonsense for a signature": told(good, header="t=agora,v1=ção"),
        "replayed an hour later": told(good, moment=now - 3600),
        "signed in the future": told(good, moment=now + 3600),
        "moment beyond any clock": told(good, moment=10**30),
        "unknown address": told(good, to=unknown),
        "signature that is no ASCII": told(good, header=f"t={now},v1=ção"),
        "moment in other digits": told(good, header=f"t=١٢٣,v1={'0' * 64}"),
        "oversized": told(good[:-1] + b" " * 70_000 + b"}"),
        "oversized, its length untold": told(b"[" * 300_000, chunked=True),
        "empty": told(b""),
        "not JSON": told(b"<html>"),
        "not an object": told(b"[1, 2]"),
        "not UTF-8": told(b'{"a": "\xff"}'),
        "deeply nested": told(b"[" * 30_000),
        "a number that is none": told(b'{"negativacao": NaN}'),
        "the listing is missing": told(b"{}"),
        "the listing makes no sense": told(wrong_amount),
    }
    assert refused.pop("oversized") == 413
    assert refused == dict.fromkeys(refused, 401)
    assert not WebhookDelivery.objects.exists(), "nothing of all that was written down"
    listing.refresh_from_db()
    assert (listing.status, listing.bureau_version, RestrictionEvent.objects.count()) == before
    assert httpx2.get(address, timeout=10).status_code == 405

    # One about a listing that is not ours is kept, and the bureau need not repeat it.
    stranger = json.loads(good) | {"evento_id": str(uuid.uuid4())}
    stranger["negativacao"] |= {"protocolo": "NALHEIO", "referencia": str(uuid.uuid4())}
    assert told(json.dumps(stranger).encode()) == 204
    assert Restriction.objects.count() == 1
    # And the good one does move it, once, however often it is delivered.
    assert [told(good) for _ in range(3)] == [204, 204, 204]
    assert WebhookDelivery.objects.filter(protocol=listing.protocol).count() == 1
    inbox_drain(integration.pk)
    listing.refresh_from_db()
    assert listing.status == Status.ACTIVE
    assert listing.events.filter(source=Source.WEBHOOK).count() == 1
    outcomes = WebhookDelivery.objects.values_list("protocol", "outcome")
    assert dict(outcomes) == {listing.protocol: "applied", "NALHEIO": "unknown"}
    # What they say is sealed, each to its own row.
    one, other = WebhookDelivery.objects.all()
    assert listing.debtor["document"] not in one.record_sealed + other.record_sealed
    one.record_sealed = other.record_sealed
    with pytest.raises(VaultError):
        one.unseal()
    process.stop()
    assert "Traceback" not in process.log()


def test_one_that_overtakes_the_answer_is_kept_until_the_protocol_is_known(
    web: tuple[Running, str],
    unread: None,
    ask: Callable[[], Restriction],
    integration: Integration,
    sandbox: Sandbox,
) -> None:
    _, address = web
    sandbox.set_webhook(None)
    listing = ask()
    early = json.loads(news_of(listing))
    # The bureau names its protocol only, and we have not heard of that yet.
    early["negativacao"] |= {"protocolo": "NADIANTADO", "referencia": ""}
    body = json.dumps(early).encode()
    signed = {SIGNATURE_HEADER: signature(SECRET, body, int(time.time()))}
    assert httpx2.post(address, content=body, headers=signed, timeout=10).status_code == 204
    with running_worker():
        eventually(lambda: WebhookDelivery.objects.filter(outcome="unknown").exists())
        reaches(listing, Status.SENT)
        # The same debt's record turns out to be that protocol, as the sender's answer may tell.
        Restriction.objects.filter(pk=listing.pk).update(protocol="NADIANTADO")
        # A sync may tell of the listing first; what was kept is taken up after it all the same.
        eventually(lambda: WebhookDelivery.objects.get().outcome == "applied")
    listing.refresh_from_db()
    assert (listing.status, listing.bureau_version) == (Status.ACTIVE, 50)


def test_one_that_waits_is_not_lost_with_its_worker_and_old_ones_are_forgotten(
    web: tuple[Running, str],
    unread: None,
    ask: Callable[[], Restriction],
    integration: Integration,
    sandbox: Sandbox,
) -> None:
    _, address = web
    sandbox.set_webhook(None)
    listing = ask()
    restrictions_drain(integration.pk)
    listing.refresh_from_db()
    older, newer = json.loads(news_of(listing)), json.loads(news_of(listing))
    older["negativacao"] |= {"versao": 40, "situacao": "COMUNICADO_ENVIADO"}
    for event in (newer, older):
        body = json.dumps(event).encode()
        signed = {SIGNATURE_HEADER: signature(SECRET, body, int(time.time()))}
        assert httpx2.post(address, content=body, headers=signed, timeout=10).status_code == 204
    listing.refresh_from_db()
    assert listing.status == Status.SENT, "answered at once, applied by a worker"
    with connection.cursor() as cursor:  # as if it had died with the job that was to do it
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
    with running_worker():
        reaches(listing, Status.ACTIVE)
        eventually(lambda: not WebhookDelivery.objects.filter(outcome="pending").exists())
    assert listing.bureau_version == 50
    told = WebhookDelivery.objects.order_by("version").values_list("version", "outcome")
    assert list(told) == [(40, "stale"), (50, "applied")]

    assert deliveries_purge() == 0
    WebhookDelivery.objects.update(settled_at=timezone.now() - timedelta(days=91))
    assert deliveries_purge() == 2


def news_of(listing: Restriction) -> bytes:
    """What the sandbox would tell when this listing becomes visible."""
    return json.dumps(
        {
            "evento_id": str(uuid.uuid4()),
            "tipo": "negativacao.alterada",
            "ocorrido_em": "2030-01-01T12:00:00.000000Z",
            "negativacao": {
                "protocolo": listing.protocol,
                "referencia": str(listing.idempotency_key),
                "documento": listing.debtor["document"],
                "contrato": listing.contract_number,
                "valor": str(listing.amount),
                "vencimento": str(listing.due_date),
                "situacao": "ATIVA",
                "codigo": None,
                "mensagem": None,
                "comunicado_em": "2030-01-01",
                "visivel_em": "2030-01-01",
                "baixada_em": None,
                "codigo_baixa": None,
                "versao": 50,
                "alterada_em": "2030-01-01T12:00:00.000000Z",
            },
        }
    ).encode()
