"""A mail server that takes, refuses, hangs or breaks off, as it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from django.test import override_settings


class Mailbox:
    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.connections: set[Any] = set()
        self.answers: dict[str, str] = {}
        """Recipient → what is answered to its address."""
        self.to_data: list[str] = []
        """What is answered to the next messages, one each, though none is kept."""
        self.breaks_off = False
        """Whether the connection is cut after a message came in whole."""
        self.holds = False
        """Whether messages are kept, but never answered."""
        self.has_one = threading.Event()
        self.port = 0

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, _: Any
    ) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.connections.add(session.peer)
        if self.to_data:
            return self.to_data.pop(0)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        self.has_one.set()
        if self.breaks_off:
            server.transport.abort()
        if self.holds:
            import asyncio

            await asyncio.sleep(600)
        return "250 OK"

    @property
    def texts(self) -> list[str]:
        return [message.get_content() for message in self.taken]


class _Server(Controller):
    """On a port that the system chooses."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def open_mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    server = _Server(box, hostname="127.0.0.1", port=0)
    server.start()
    box.port = server.port
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=box.port,
        EMAIL_TIMEOUT=5,
        DEFAULT_FROM_EMAIL="cobranca@exemplo.test",
    ):
        yield box
    server.stop()
