"""The ways out: a mail server, or an HTTP gateway for SMS and WhatsApp.

Whatever happens on the way ends as nothing (it was accepted) or as one of four outcomes, each with
a sentence for the person. What is ``Doubtful`` may have left and is never sent again by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, formataddr
from smtplib import (
    SMTP,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)
from typing import Any, Protocol

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.utils import timezone

from regua.bureaus.connection import CallEnd, CallStart
from regua.bureaus.errors import Misconfigured, OutcomeUnknown, TryLater
from regua.bureaus.http import HttpClient
from regua.dunning.choices import Channel
from regua.dunning.models import MessageGateway
from regua.dunning.rendering import check_text, substitute
from regua.integrations.vault import VaultError

TIMEOUT = 15.0
"""Seconds that a gateway has for its answer."""
GATEWAY_VARIABLES = {
    "para": "o celular, com 55 e DDD, só números",
    "texto": "a mensagem",
    "id": "um código que não se repete",
}
_OF_THE_GATEWAY = (401, 403, 404, 405, 407, 410, 429)
"""Refusals that say nothing of the message: any other would meet the same."""


class Outcome(Exception):
    """Why a message was not accepted; ``sentence`` is for a person."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Refused(Outcome):
    """This message will not be taken, now or later."""


class Later(Outcome):
    """Nothing was sent; this message may be taken later."""


class Down(Outcome):
    """Nothing was sent, and no other message would fare better now."""


class Doubtful(Outcome):
    """It may have left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message ready to leave."""

    reference: str
    """Ours, the same whenever this message is meant."""
    channel: str
    to: str
    """An e-mail address, or a mobile number with its area code, digits only."""
    sender: str
    subject: str
    body: str
    opt_out_url: str
    at: datetime

    @property
    def mail(self) -> EmailMessage:
        domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
        return EmailMessage(
            self.subject,
            self.body,
            formataddr((" ".join(self.sender.split()), settings.DEFAULT_FROM_EMAIL)),
            [self.to],
            headers={
                "Message-ID": f"<{self.reference}@{domain}>",
                "Date": format_datetime(timezone.localtime(self.at)),
                "Auto-Submitted": "auto-generated",
                "List-Unsubscribe": f"<{self.opt_out_url}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
        )

    @property
    def proof(self) -> bytes:
        """The message as it left, to be kept."""
        if self.channel == Channel.EMAIL:
            return self.mail.message().as_bytes()
        return (
            f"{Channel(self.channel).label} para +55{self.to}\n"
            f"Aceita em {timezone.localtime(self.at):%d/%m/%Y %H:%M:%S %z}, {self.reference}\n\n"
            f"{self.body}\n"
        ).encode()


class Line(Protocol):
    """A way out, open for many messages."""

    def open(self) -> None:
        """Make sure that something answers at the other end, or raise ``Down``."""

    def send(self, letter: Letter) -> None:
        """Return when it was accepted, else raise an ``Outcome``."""

    def close(self) -> None: ...


def line_of(channel: str) -> Line:
    """Raises ``Down`` where none is configured."""
    if channel == Channel.EMAIL:
        return MailLine()
    gateway = MessageGateway.objects.filter(channel=channel, active=True).first()
    if gateway is None:
        raise Down(f"Nenhum canal de {Channel(channel).label} está configurado e ativo.")
    return GatewayLine(gateway)


class MailLine:
    """One SMTP connection for many messages, made anew when the server has closed it."""

    def __init__(self) -> None:
        self._server = EmailBackend()

    def open(self) -> None:
        if not settings.EMAIL_HOST:
            raise Down("Nenhum servidor de e-mail está configurado (REGUA_SMTP_URL).")
        # Asked before each message: one given to a connection that is gone would be in doubt.
        if self._server.connection is not None and not _answers(self._server.connection):
            self.close()
        try:
            self._server.open()
        except OSError:
            raise Down(
                "Não foi possível conectar ao servidor de e-mail, ou ele recusou a senha "
                "(REGUA_SMTP_URL). Nada foi enviado."
            ) from None

    def send(self, letter: Letter) -> None:
        try:
            self._server.send_messages([letter.mail])
        except SMTPRecipientsRefused as error:
            [(code, _)] = error.recipients.values()
            raise _answered(code, "o endereço do cliente") from None
        except SMTPResponseException as error:
            raise _answered(error.smtp_code, "a mensagem") from None
        except SMTPServerDisconnected:
            raise _in_doubt("A conexão com o servidor de e-mail caiu") from None
        except SMTPException:
            raise Refused("O servidor de e-mail não aceita este endereço. Confira-o.") from None
        except OSError:
            raise _in_doubt("O servidor de e-mail não respondeu a tempo") from None
        except ValueError:  # an address or a name that no mail can carry
            raise Refused("O e-mail do cliente não é um endereço válido. Corrija-o.") from None

    def close(self) -> None:
        with suppress(OSError):
            self._server.close()


def _answers(server: SMTP) -> bool:
    try:
        return server.noop()[0] == 250
    except OSError:
        return False


def _answered(code: int, what: str) -> Outcome:
    if 400 <= code < 500:
        return Later(f"O servidor de e-mail ainda não aceitou {what} (código {code}).")
    return Refused(f"O servidor de e-mail recusou {what} (código {code}).")


def _in_doubt(what: str) -> Doubtful:
    return Doubtful(f"{what} durante o envio. Não dá para saber se a mensagem saiu.")


class GatewayLine:
    """SMS or WhatsApp: a POST of JSON for each message."""

    def __init__(self, gateway: MessageGateway) -> None:
        self._gateway = gateway
        self._label = gateway.get_channel_display()
        self._client: HttpClient | None = None

    def open(self) -> None:
        if self._client is None:
            self._client = self._connected()

    def _connected(self) -> HttpClient:
        try:
            return HttpClient(
                base_url=self._gateway.url,
                journal=_Silent(),
                timeout=TIMEOUT,
                allow_private=settings.CONFIG.allow_private_bureau,
            )
        except Misconfigured:
            raise Down(
                f"O endereço do canal de {self._label} não pode ser usado. Nada foi enviado. "
                "Corrija-o em Parâmetros de cobrança > Canais."
            ) from None

    def send(self, letter: Letter) -> None:
        self.open()
        assert self._client is not None  # noqa: S101
        values = {"para": f"55{letter.to}", "texto": letter.body, "id": letter.reference}
        try:
            answer = self._client.post(
                # The address was shortened by its final slash.
                "/" if self._gateway.url.endswith("/") else "",
                body=_filled(json.loads(self._gateway.body), values),
                headers=self._secret(),
            )
        except Misconfigured:
            raise Down(
                f"O endereço do canal de {self._label} leva à rede interna, ou a conexão segura "
                "falhou. Nada foi enviado. Confira-o em Parâmetros de cobrança > Canais."
            ) from None
        except TryLater:
            raise Down(
                f"Não foi possível conectar ao canal de {self._label}. Nada foi enviado."
            ) from None
        except OutcomeUnknown:
            raise _in_doubt(f"O canal de {self._label} não respondeu a tempo, ou caiu") from None
        status = answer.status
        if 200 <= status < 300:
            return
        said = f"O canal de {self._label} respondeu com o código {status}"
        if status >= 500:
            raise Doubtful(f"{said}. Não dá para saber se a mensagem saiu.")
        if status < 400 or status in _OF_THE_GATEWAY:
            raise Down(
                f"{said}. Nada foi enviado. "
                "Confira o endereço e o segredo em Parâmetros de cobrança > Canais."
            )
        raise Refused(f"{said}: não aceitou a mensagem, ou o celular do cliente.")

    def _secret(self) -> dict[str, str]:
        if not self._gateway.header_name:
            return {}
        try:
            return {self._gateway.header_name: self._gateway.unseal()}
        except VaultError:
            raise Down(
                f"O segredo do canal de {self._label} não pôde ser aberto. Nada foi enviado. "
                "Escreva-o de novo em Parâmetros de cobrança > Canais."
            ) from None

    def close(self) -> None:
        if self._client is not None:
            self._client.close()


class _Silent:
    """No record of the calls: the messages themselves are one."""

    def begin(self, call: CallStart) -> None: ...

    def end(self, handle: None, outcome: CallEnd) -> None: ...


def check_gateway_body(text: str) -> None:
    """Raise ``ValidationError`` unless it is a JSON object that carries number and text."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ValidationError(
            'Escreva um objeto JSON, como {"to": "{{ para }}", "text": "{{ texto }}"}.'
        )
    check_text(text, GATEWAY_VARIABLES)
    filled = json.dumps(_filled(body, {name: f"<{name}>" for name in GATEWAY_VARIABLES}))
    if lacking := [name for name in ("para", "texto") if f"<{name}>" not in filled]:
        raise ValidationError(f"Falta {{{{ {lacking[0]} }}}}, entre aspas, em algum dos valores.")


def check_header(name: str) -> None:
    if name and not re.fullmatch(r"[A-Za-z0-9-]+", name):
        raise ValidationError("O nome do cabeçalho tem só letras, números e hífens.")
    if name.lower() in ("host", "content-length", "content-type", "transfer-encoding"):
        raise ValidationError("Este cabeçalho é do próprio envio. O segredo vai em outro.")


def _filled(part: Any, values: Mapping[str, str]) -> Any:
    """The same JSON with the variables of its texts put in."""
    if isinstance(part, str):
        return substitute(part, values)
    if isinstance(part, list):
        return [_filled(each, values) for each in part]
    if isinstance(part, dict):
        return {name: _filled(each, values) for name, each in part.items()}
    return part
