"""A real server on loopback that does exactly what a test tells it to, however rude."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

Step = Callable[[socket.socket], bool]
"""Writes to the connection; True keeps it open for the next request."""


@dataclass
class Received:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def reply(status: int, body: Any = None, **headers: str) -> Step:
    """Answer properly."""
    is_raw = isinstance(body, bytes)
    content = body if is_raw else (b"" if body is None else json.dumps(body).encode())
    lines = {"Content-Length": str(len(content))}
    if not is_raw:
        lines["Content-Type"] = "application/json"
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items()) + "\r\n"
    return lambda connection: connection.sendall(head.encode() + content) or True


def raw(content: bytes) -> Step:
    """Write these bytes and hang up."""
    return lambda connection: bool(connection.sendall(content))


def hang_up(connection: socket.socket) -> bool:
    return False


def hang(seconds: float) -> Step:
    """Take the request and say nothing for a while."""
    return lambda _: bool(threading.Event().wait(seconds))


def drip(content: bytes, pause: float) -> Step:
    """Write one byte at a time."""

    def step(connection: socket.socket) -> bool:
        for index in range(len(content)):
            connection.sendall(content[index : index + 1])
            threading.Event().wait(pause)
        return False

    return step


class ScriptedServer:
    """``server.on("/path", step, step)``: each call takes the next step, the last one stays."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.received: list[Received] = []
        self._steps: dict[str, list[Step]] = defaultdict(list)
        self._lock = threading.Lock()
        self.on("/oauth/token", reply(200, {"access_token": "t0", "expires_in": 900}))

    def on(self, path: str, *steps: Step) -> None:
        self._steps[path] = list(steps)

    def calls(self, path: str) -> list[Received]:
        return [request for request in self.received if request.path == path]

    def next_step(self, request: Received) -> Step:
        with self._lock:
            self.received.append(request)
            steps = self._steps[request.path] or [reply(404, {"codigo": "404"})]
            return steps.pop(0) if len(steps) > 1 else steps[0]


@contextmanager
def scripted_server() -> Iterator[ScriptedServer]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            try:
                while (request := self._read_request()) is not None:
                    if not server.next_step(request)(self.connection):
                        return
            except OSError:
                return

        def _read_request(self) -> Received | None:
            line = self.rfile.readline().decode().split()
            if len(line) != 3:
                return None
            headers: dict[str, str] = {}
            while name_and_value := self.rfile.readline().decode().strip():
                name, _, value = name_and_value.partition(":")
                headers[name.lower()] = value.strip()
            body = self.rfile.read(int(headers.get("content-length", 0)))
            return Received(line[0], line[1], headers, body)

    class Listener(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False
        allow_reuse_address = True
        request_queue_size = 128

    with Listener(("127.0.0.1", 0), Handler) as listener:
        server = ScriptedServer(f"http://127.0.0.1:{listener.server_address[1]}")
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        listener.shutdown()
        thread.join()
