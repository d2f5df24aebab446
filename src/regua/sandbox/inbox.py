"""What a customer would receive: a mail server and an SMS gateway that deliver to one page."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import asdict, dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP

from regua.sandbox.config import SandboxConfig
from regua.sandbox.control import is_local
from regua.sandbox.dialects.credito_na_medida import answer
from regua.sandbox.page import document

KEPT = 200
LARGEST = 1024 * 1024
KEY_HEADER = "X-Chave"


@dataclass(frozen=True, slots=True)
class Received:
    """One message; ``at`` is local time."""

    kind: str
    at: datetime
    to: str
    sender: str
    subject: str
    text: str
    reference: str


class Inbox:
    """The last messages, in memory: they go away with the process."""

    def __init__(self, config: SandboxConfig) -> None:
        self._config = config
        self._received: deque[Received] = deque(maxlen=KEPT)

    def routes(self) -> list[web.RouteDef]:
        found = [web.post("/v1/mensagens", self.take_text)]
        if self._config.control:
            found += [
                web.get("/caixa-de-entrada", self.show),
                web.get("/_sandbox/caixa", self.listed),
                web.delete("/_sandbox/caixa", self.clear),
            ]
        return found

    async def serve_smtp(self, port: int) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: SMTP(
                self,
                hostname="caixa.local",
                loop=loop,
                enable_SMTPUTF8=True,
                data_size_limit=LARGEST,
            ),
            self._config.host,
            port,
        )

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)  # noqa: S101
        part = mail.get_body(("plain",))
        self._received.append(
            Received(
                kind="E-mail",
                at=datetime.now(),  # noqa: DTZ005
                to=", ".join(envelope.rcpt_tos),
                sender=str(mail["From"] or ""),
                subject=str(mail["Subject"] or ""),
                text=part.get_content() if part else "",
                reference=str(mail["Message-ID"] or ""),
            )
        )
        return "250 OK"

    async def take_text(self, request: web.Request) -> web.Response:
        """``{"para": …, "texto": …, "id": …, "canal": …}`` with the key in ``X-Chave``."""
        if request.headers.get(KEY_HEADER) != self._config.client_secret:
            return answer(401, {"codigo": "401", "mensagem": "Chave errada."})
        try:
            body = await request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict) or not (body.get("para") and body.get("texto")):
            return answer(400, {"codigo": "400", "mensagem": "Faltam para e texto."})
        self._received.append(
            Received(
                kind=str(body.get("canal") or "SMS"),
                at=datetime.now(),  # noqa: DTZ005
                to=str(body["para"]),
                sender="",
                subject="",
                text=str(body["texto"]),
                reference=str(body.get("id") or ""),
            )
        )
        return answer(202, {"id": body.get("id")})

    async def listed(self, request: web.Request) -> web.Response:
        if not is_local(request):
            raise web.HTTPForbidden
        rows = [asdict(each) | {"at": each.at.isoformat()} for each in self._received]
        return answer(200, rows)

    async def clear(self, request: web.Request) -> web.Response:
        if not is_local(request):
            raise web.HTTPForbidden
        self._received.clear()
        return answer(200, [])

    async def show(self, request: web.Request) -> web.Response:
        if not is_local(request):
            raise web.HTTPForbidden
        return document("Caixa de entrada", self._body())

    def _body(self) -> str:
        head = (
            "<h1>Caixa de entrada <span class='soft'>demonstração</span></h1>"
            "<p class='soft'>O que os clientes receberiam: e-mails, SMS e WhatsApp que a Régua "
            f"mandou. Nada sai desta máquina. Ficam as últimas {KEPT}, até a demonstração "
            "encerrar.</p>"
        )
        if not self._received:
            return head + (
                "<div class='notice'>Nada chegou ainda. Na Régua, abra Parâmetros de cobrança › "
                "Mensagens e mande um teste para você, ou execute a régua de cobrança.</div>"
            )
        return head + "".join(_article(each) for each in reversed(self._received))


def _article(each: Received) -> str:
    subject = f"<h2>{escape(each.subject)}</h2>" if each.subject else ""
    sender = f"De {escape(each.sender)} · " if each.sender else ""
    return (
        f"<article class='letter'><p class='soft'><span class='state'>{escape(each.kind)}</span> · "
        f"{each.at:%d/%m/%Y %H:%M:%S}</p>{subject}"
        f"<p class='soft'>{sender}Para {escape(each.to)}</p>"
        f"<pre>{escape(each.text)}</pre></article>"
    )
