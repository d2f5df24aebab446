"""A subscriber on this machine that answers as it is told and checks signatures by itself.

The check is written from the specification of Standard Webhooks, not with the product's code.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Taken:
    id: str
    timestamp: str
    signatures: list[str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    def signed_with(self, secret: str) -> bool:
        key = base64.b64decode(secret[len("whsec_") :])
        told = b".".join([self.id.encode(), self.timestamp.encode(), self.raw])
        digest = base64.b64encode(hmac.digest(key, told, hashlib.sha256)).decode()
        return f"v1,{digest}" in self.signatures


class Receiver:
    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        """Status and headers of the next answers; then 204."""
        self.before_answer: Callable[[], None] = lambda: None
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver.take(self)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/avisos"

    def take(self, request: BaseHTTPRequestHandler) -> None:
        raw = request.rfile.read(int(request.headers["Content-Length"]))
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            self.taken.append(
                Taken(
                    request.headers["webhook-id"],
                    request.headers["webhook-timestamp"],
                    request.headers["webhook-signature"].split(" "),
                    raw,
                )
            )
            status, headers = self.answers.pop(0) if self.answers else (204, {})
        self.before_answer()
        with self._lock:
            self._now -= 1
        body = b"" if status == 204 else b"resposta do destino"
        try:
            request.send_response(status)
            for name, value in headers.items():
                request.send_header(name, value)
            if status != 204:
                request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)
        except OSError:  # who called is gone
            request.close_connection = True

    @property
    def ids(self) -> list[str]:
        return [taken.id for taken in self.taken]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join()
