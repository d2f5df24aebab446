"""What a broken exchange means: one of the four outcomes of ``errors``, in plain Portuguese."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import httpx2

from .addresses import ForbiddenPeer
from .errors import BureauError, Misconfigured, OutcomeUnknown, Trouble, TryLater

IN_DOUBT = (
    "Não dá para saber se o pedido foi feito. "
    "A situação será conferida no birô antes de qualquer nova tentativa."
)


class AnswerTooLarge(Exception):
    """More bytes than any honest answer has."""


class AnswerTooSlow(Exception):
    """It dripped on past the time limit."""


_NEVER_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)


def explain(exc: Exception, *, read_only: bool) -> tuple[BureauError, str]:
    """Say what an exception means: our outcome, and a short text for the journal."""
    if isinstance(exc, ForbiddenPeer):
        return (
            Misconfigured(
                "O endereço do birô na integração leva à rede interna, o que esta instalação não "
                "permite. Nada foi enviado. Corrija o endereço e tente de novo.",
                trouble=Trouble.PRIVATE_NETWORK,
            ),
            "endereço da rede interna",
        )
    if isinstance(exc, _NEVER_SENT):
        if _is_tls_failure(exc):
            return (
                Misconfigured(
                    "A conexão segura com o birô falhou: o certificado não é confiável ou o "
                    "endereço não é de um servidor seguro. Nada foi enviado. "
                    "Confira o endereço na integração ou fale com o birô.",
                    trouble=Trouble.NO_TLS,
                ),
                "falha na conexão segura",
            )
        return (
            TryLater(
                "Não foi possível conectar ao birô. Nada foi enviado. "
                "Uma nova tentativa será feita mais tarde; se continuar, confira o endereço na "
                "integração.",
                trouble=_why_not_connected(exc),
            ),
            "conexão não estabelecida",
        )
    trouble = None
    if isinstance(exc, httpx2.TimeoutException | AnswerTooSlow):
        event = "tempo esgotado"
        trouble = Trouble.TIMEOUT
        sentence = "O birô não respondeu a tempo."
    elif isinstance(exc, AnswerTooLarge):
        event = "resposta maior que o limite"
        sentence = "O birô mandou uma resposta maior que o aceitável."
    elif isinstance(exc, httpx2.NetworkError):
        event = "conexão interrompida"
        sentence = "A conexão com o birô caiu antes da resposta."
    else:
        event = f"resposta ilegível ({type(exc).__name__})"
        sentence = "A resposta do birô veio interrompida ou ilegível."
    if read_only:
        later = f"{sentence} Nada mudou. A pergunta será refeita mais tarde."
        return TryLater(later, trouble=trouble), event
    return OutcomeUnknown(f"{sentence} {IN_DOUBT}", trouble=trouble), event


def _causes(exc: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = exc
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _is_tls_failure(exc: BaseException) -> bool:
    for cause in _causes(exc):
        if isinstance(cause, ssl.SSLError):
            # An end of file is a connection cut in the middle of the greeting, not a wrong one.
            return not isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError)
    return False


def _why_not_connected(exc: BaseException) -> Trouble | None:
    if isinstance(exc, httpx2.TimeoutException):
        return Trouble.TIMEOUT
    for cause in _causes(exc):
        if isinstance(cause, socket.gaierror):
            return Trouble.UNKNOWN_HOST
        if isinstance(cause, ConnectionRefusedError):
            return Trouble.NOTHING_LISTENS
        if isinstance(cause, ssl.SSLError | ConnectionResetError):
            return Trouble.NO_TLS  # the greeting was cut short
    return None
