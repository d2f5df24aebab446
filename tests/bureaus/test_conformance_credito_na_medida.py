"""Our adapter against the sandbox: two independent readings of one wire contract."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest

from regua.bureaus.conformance import BureauUnderTest, ConformanceSuite, Delivery
from regua.bureaus.connection import CallJournal, Connection, TokenStore
from regua.bureaus.contract import Environment, InquiryRequest, ListingRequest
from regua.bureaus.providers.credito_na_medida import provider
from regua.bureaus.providers.credito_na_medida.codes import REMOVAL_CODE_OF_REASON
from tests.sandbox.server import FAST, Sandbox, running_sandbox

from .wire_samples import LISTING

CREDITOR = "11222333000181"
WEBHOOK_SECRET = "webhook-demo"
_numbers = itertools.count(1)


def cpf(behaviour: str = "500") -> str:
    """A new CPF; the sandbox reads the behaviour in its last digits before the check digits."""
    digits = [int(digit) for digit in f"7{next(_numbers):05d}{behaviour}"]
    for _ in range(2):
        weights = range(len(digits) + 1, 1, -1)
        rest = sum(d * w for d, w in zip(digits, weights, strict=True)) * 10 % 11
        digits.append(rest % 10)
    return "".join(map(str, digits))


class SandboxUnderTest(BureauUnderTest):
    provider = provider
    removal_code = "01"
    unknown_protocol = "NAO-EXISTE-9"

    def __init__(self, sandbox: Sandbox, callback: Callback) -> None:
        self.sandbox = sandbox
        self.callback = callback

    def connection(
        self,
        *,
        tokens: TokenStore,
        journal: CallJournal,
        timeout: float = 10.0,
        client_secret: str | None = None,
        base_url: str | None = None,
    ) -> Connection:
        return Connection(
            base_url=base_url or self.sandbox.url,
            client_id=self.sandbox.client_id,
            client_secret=client_secret or self.sandbox.client_secret,
            environment=Environment.STAGING,
            tokens=tokens,
            journal=journal,
            timeout=timeout,
        )

    def inquiry_request(self) -> InquiryRequest:
        return InquiryRequest(document=cpf(), product="LOCALIZA", reference="Q-1")

    def slow_inquiry_request(self) -> InquiryRequest:
        return InquiryRequest(document=cpf("004"), product="LOCALIZA", reference="Q-2")

    def listing_request(self) -> ListingRequest:
        number = next(_numbers)
        return replace(
            LISTING,
            reference=f"R-{number}",
            contract=f"CT-{number}",
            creditor_document=CREDITOR,
            due_date=datetime.now(UTC).date() - timedelta(days=60),
            debtor=replace(LISTING.debtor, document=cpf()),
        )

    def listing_request_with_co_debtor(self) -> ListingRequest:
        request = self.listing_request()
        return replace(request, co_debtor=replace(LISTING.debtor, document=cpf()))

    def co_debtor_of(self, request: ListingRequest) -> str | None:
        [row] = [r for r in self.sandbox.ledger() if r["contrato"] == request.contract]
        return row["coobrigado"]  # type: ignore[no-any-return]

    def refused_listing_request(self) -> ListingRequest:
        request = self.listing_request()
        debtor = replace(
            request.debtor,
            mobile="113232101",
            address=replace(request.debtor.address, postal_code="123"),
        )
        return replace(request, amount=Decimal("9.99"), debtor=debtor)

    def count_listings(self, request: ListingRequest) -> int:
        return sum(
            (row["documento"], row["contrato"]) == (request.debtor.document, request.contract)
            for row in self.sandbox.ledger()
        )

    def count_inquiries(self, request: InquiryRequest) -> int:
        return len(self.sandbox.charges())  # one question per test, and a charge names no one

    def lose_next_answer(self) -> None:
        self._fault(kind="lost_answer")

    def drop_next_call(self) -> None:
        self._fault(kind="drop")

    def ignore_next_call(self) -> None:
        self._fault(kind="timeout")

    def garble_next_answer(self) -> None:
        self._fault(kind="garbled")

    def answer_next(
        self, status: int, *, done: bool = False, retry_after: int | None = None
    ) -> None:
        wait = {} if retry_after is None else {"retry_after": retry_after}
        more: dict[str, Any] = {"done": done} if status >= 500 else {}
        self._fault(kind="status", status=status, **wait, **more)

    def revoke_tokens(self) -> None:
        self.sandbox.revoke_tokens()

    def deliver_webhook(self, protocol: str) -> Delivery:
        deadline = monotonic() + 10
        while monotonic() < deadline:
            for delivery in list(self.callback.deliveries):
                if protocol.encode() in delivery.body:
                    return delivery
            sleep(0.02)
        raise AssertionError("no webhook came")

    def _fault(self, **rule: Any) -> None:
        self.sandbox.add_faults({"times": 1, **rule})


class Callback:
    """Where the sandbox delivers its webhooks."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        deliveries = self.deliveries

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                now = datetime.now(UTC)
                deliveries.append(Delivery(dict(self.headers), body, WEBHOOK_SECRET, now))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/avisos"
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def sandbox_and_callback() -> Iterator[tuple[Sandbox, Callback]]:
    callback = Callback()
    try:
        with running_sandbox(**FAST, webhook_retry_seconds=0.02, seed=7) as sandbox:
            yield sandbox, callback
    finally:
        callback.close()


class TestCreditoNaMedida(ConformanceSuite):
    @pytest.fixture
    def bureau(self, sandbox_and_callback: tuple[Sandbox, Callback]) -> Iterator[SandboxUnderTest]:
        sandbox, callback = sandbox_and_callback
        sandbox.reset()
        sandbox.set_webhook(callback.url)
        yield SandboxUnderTest(sandbox, callback)
        sandbox.set_webhook(None)

    def test_every_removal_code_we_would_send_exists(
        self, bureau: SandboxUnderTest, connect: Any
    ) -> None:
        codes = {code.code for code in connect().removal_codes()}
        assert set(REMOVAL_CODE_OF_REASON.values()) <= codes
