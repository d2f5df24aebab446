"""The one way out to a billing system: JSON over HTTPS, a bounded answer, a sentence for a failure.

Only https leaves the machine, no name of the internet may lead to the internal network, redirects
are not followed. Neither the logs nor the exceptions carry a body, a header or a query.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

import httpx2

from regua import __version__
from regua.bureaus import errors as bureau_errors
from regua.bureaus.addresses import ForbiddenPeer, check_base_url, check_peer, check_resolved
from regua.bureaus.http import parse_retry_after
from regua.bureaus.reading import MalformedAnswer, parse_json

from .contract import Account
from .errors import Misconfigured, SourceError, TryLater

CONNECT_TIMEOUT = 10.0
MAX_ANSWER_BYTES = 20 * 1024 * 1024
_SUBJECT = "O endereço do sistema de gestão"


def check_address(url: str, *, allow_private: bool) -> str:
    """Return ``url`` without its final slash, or raise ``Misconfigured`` saying what is wrong."""
    if not url.strip():
        raise Misconfigured("Falta o endereço do sistema de gestão. Nada foi lido.")
    try:
        return check_base_url(url, allow_private=allow_private, subject=_SUBJECT)
    except bureau_errors.Misconfigured as error:
        raise Misconfigured(error.message) from None


class HttpClient:
    """Posts JSON and reads JSON, never faster than the account's pace."""

    def __init__(self, account: Account, *, base_url: str, headers: Mapping[str, str]) -> None:
        self._base_url = base_url
        self._timeout = account.timeout
        self._pause = account.pause
        self._next_at = 0.0
        self._guard = None if account.allow_private else _guard
        self._client = httpx2.Client(
            headers={
                "User-Agent": f"regua/{__version__}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                **headers,
            },
            transport=httpx2.HTTPTransport(verify=_ssl_context(), trust_env=False),
            timeout=httpx2.Timeout(account.timeout, connect=min(CONNECT_TIMEOUT, account.timeout)),
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        self._client.close()

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return the parsed answer of a 200; anything else is raised as a ``SourceError``."""
        time.sleep(max(0.0, self._next_at - time.monotonic()))
        self._next_at = time.monotonic() + self._pause
        try:
            status, retry_after, content_type, content = self._exchange(path, body)
        except SourceError:
            raise
        except Exception as exc:
            raise _explain(exc) from None  # its text may quote what was sent or answered
        if status in (401, 403):
            raise Misconfigured(
                "O sistema de gestão recusou o token. Nada foi lido. Confira o token e se o "
                "endereço IP deste servidor está liberado para ele."
            )
        if status == 404:
            raise Misconfigured(
                "Nada responde neste endereço do sistema de gestão (código 404). Nada foi lido. "
                "Confira o endereço."
            )
        if status == 429 or status >= 500:
            said = (
                "pediu para esperar" if status == 429 else f"está com problemas (código {status})"
            )
            raise TryLater(
                f"O sistema de gestão {said}. A leitura continua mais tarde de onde parou.",
                retry_after=parse_retry_after(retry_after),
            )
        if status != 200:
            raise Misconfigured(
                f"O endereço respondeu com o código {status}, e não como o sistema de gestão "
                "responde. Nada foi lido. Confira o endereço."
            )
        answer = parse_json(content_type, content)
        if isinstance(answer, MalformedAnswer):
            raise unreadable(str(answer))
        return answer

    def _exchange(self, path: str, body: Mapping[str, Any]) -> tuple[int, str, str, bytes]:
        deadline = time.monotonic() + self._timeout
        extensions = {}
        if self._guard:
            url = httpx2.URL(self._base_url)
            extensions["trace"] = partial(self._guard, url.host)
        with self._client.stream(
            "POST",
            self._base_url + path,
            content=json.dumps(body, ensure_ascii=False).encode(),
            headers={"Content-Type": "application/json"},
            extensions=extensions,
        ) as response:
            chunks, size = [], 0
            for chunk in response.iter_bytes():
                size += len(chunk)
                if size > MAX_ANSWER_BYTES:
                    raise TryLater(
                        "O sistema de gestão mandou uma resposta maior que o aceitável. "
                        "A leitura parou onde estava."
                    )
                if time.monotonic() > deadline:
                    raise _too_slow()
                chunks.append(chunk)
            headers = response.headers
            return (
                response.status_code,
                headers.get("retry-after", ""),
                headers.get("content-type", ""),
                b"".join(chunks),
            )


def unreadable(problem: str) -> TryLater:
    return TryLater(
        f"A resposta do sistema de gestão não pôde ser lida: {problem}. "
        "A leitura continua mais tarde de onde parou."
    )


def _guard(host: str, event: str, info: Mapping[str, Any]) -> None:
    """Follow a new connection (httpcore's ``trace``): before it is made and once it is."""
    if event == "connection.connect_tcp.started":
        check_resolved(info["host"], info["port"])
    elif event == "connection.connect_tcp.complete":
        stream = info["return_value"]
        try:
            check_peer(host, stream.get_extra_info("server_addr")[0])
        except ForbiddenPeer:
            stream.close()
            raise


@lru_cache(maxsize=1)
def _ssl_context() -> ssl.SSLContext:
    return httpx2.create_ssl_context()


def _too_slow() -> TryLater:
    return TryLater(
        "O sistema de gestão não respondeu a tempo. A leitura continua mais tarde de onde parou."
    )


def _explain(exc: Exception) -> SourceError:
    if isinstance(exc, ForbiddenPeer):
        return Misconfigured(
            "O endereço do sistema de gestão leva à rede interna, o que esta instalação não "
            "permite. Nada foi lido."
        )
    if isinstance(exc, httpx2.TimeoutException) and not isinstance(exc, httpx2.ConnectTimeout):
        return _too_slow()
    cause: BaseException | None = exc
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Misconfigured(
                "O certificado do sistema de gestão não é confiável. Nada foi lido. Confira o "
                "endereço ou peça a quem o mantém para renovar o certificado."
            )
        cause = cause.__cause__ or cause.__context__
    if isinstance(exc, httpx2.ConnectError | httpx2.ConnectTimeout):
        return TryLater(
            "Não foi possível conectar ao sistema de gestão. Uma nova tentativa será feita mais "
            "tarde; se continuar, confira o endereço."
        )
    return TryLater(
        "A conexão com o sistema de gestão caiu antes do fim da resposta. "
        "A leitura continua mais tarde de onde parou."
    )
