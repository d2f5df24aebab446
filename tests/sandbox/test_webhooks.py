from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from .creditor import Creditor
from .server import Sandbox, wait_until


class Callback:
    """A creditor's callback address that remembers what came."""

    def __init__(self) -> None:
        self.received: list[tuple[str, bytes]] = []
        self.answers: list[int] = []
        callback = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                callback.received.append((self.headers["X-CNM-Assinatura"], body))
                self.send_response(callback.answers.pop(0) if callback.answers else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/aviso"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.received]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def callback(sandbox: Sandbox) -> Iterator[Callback]:
    callback = Callback()
    sandbox.set_webhook(callback.url)
    yield callback
    sandbox.set_webhook(None)
    callback.close()


def situations(callback: Callback) -> list[str]:
    return [event["negativacao"]["situacao"] for event in callback.events()]


def test_signed_news_in_order(creditor: Creditor, callback: Callback) -> None:
    protocol = creditor.list_debt()
    wait_until(lambda: situations(callback) == ["COMUNICADO_ENVIADO", "ATIVA"])
    header, body = callback.received[-1]
    parts = dict(part.split("=", 1) for part in header.split(","))
    signed = f"{parts['t']}.".encode() + body
    assert parts["v1"] == hmac.new(b"webhook-demo", signed, hashlib.sha256).hexdigest()
    assert abs(int(parts["t"]) - time.time()) < 60
    event = callback.events()[-1]
    assert event["tipo"] == "negativacao.alterada"
    assert event["negativacao"] == creditor.listing(protocol)
    assert event["ocorrido_em"] == event["negativacao"]["alterada_em"]


def test_tried_again_until_taken(sandbox: Sandbox, creditor: Creditor, callback: Callback) -> None:
    callback.answers = [500, 302, 503]
    creditor.list_debt()
    wait_until(lambda: [d["situacao"] for d in sandbox.deliveries()] == ["ENTREGUE"] * 2)
    assert sum(item["tentativas"] for item in sandbox.deliveries()) == 5
    assert len({event["evento_id"] for event in callback.events()}) == 2


def test_gives_up_in_the_end(sandbox: Sandbox, creditor: Creditor, callback: Callback) -> None:
    callback.answers = [500] * 50
    creditor.list_debt()
    wait_until(lambda: [d["situacao"] for d in sandbox.deliveries()] == ["DESISTIU"] * 2)
    assert len(callback.received) == 10


def test_duplicates(sandbox: Sandbox, creditor: Creditor, callback: Callback) -> None:
    sandbox.add_faults({"kind": "webhook_duplicate", "times": 1})
    creditor.list_debt()
    wait_until(lambda: len(callback.received) == 3)
    first, second, _ = callback.events()
    assert first == second


def test_disorder(sandbox: Sandbox, creditor: Creditor, callback: Callback) -> None:
    sandbox.add_faults({"kind": "webhook_disorder", "times": 1})
    creditor.list_debt()
    wait_until(lambda: len(callback.received) == 2)
    assert situations(callback) == ["ATIVA", "COMUNICADO_ENVIADO"]


def test_delay(sandbox: Sandbox, creditor: Creditor, callback: Callback) -> None:
    sandbox.add_faults({"kind": "webhook_delay", "seconds": 0.6, "times": 1})
    started = time.monotonic()
    creditor.list_debt()
    wait_until(lambda: len(callback.received) == 2)
    assert time.monotonic() - started >= 0.6
    assert situations(callback) == ["ATIVA", "COMUNICADO_ENVIADO"]
