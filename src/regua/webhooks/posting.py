"""One message over HTTP: bounded in time and size, to public addresses only, never redirected."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx2
from django.conf import settings
from django.core.exceptions import ValidationError

from regua.bureaus.addresses import (
    ForbiddenPeer,
    check_base_url,
    check_peer,
    check_resolved,
    is_loopback,
)
from regua.bureaus.errors import Misconfigured, Trouble
from regua.bureaus.http import USER_AGENT, parse_retry_after
from regua.bureaus.redact import redact_text
from regua.bureaus.wire_failures import explain

KEPT = 1000
"""Bytes of an answer that are read and kept."""
_LOOKUPS = 160
"""Names looked up at once, at most: two for each message that may be under way."""
_INSIDE = "O endereço leva à rede interna, o que esta instalação não permite. Nada foi enviado."
_TROUBLES = {
    Trouble.PRIVATE_NETWORK: _INSIDE,
    Trouble.NO_TLS: "A conexão segura falhou: o certificado do destino não é confiável, ou ele não "
    "fala HTTPS. Nada foi enviado.",
    Trouble.UNKNOWN_HOST: "O nome do destino não existe na internet (DNS). Nada foi enviado.",
    Trouble.NOTHING_LISTENS: "Ninguém atende neste endereço. Nada foi enviado.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message ready to leave."""

    delivery_id: int
    endpoint_id: int
    attempts: int
    """This one counted."""
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int | None = None
    error: str = ""
    """Why it was not taken, in a sentence; empty where it was."""
    text: str = ""
    retry_after: float | None = None
    """Seconds for which it asked not to be called."""
    seconds: float = 0.0


def check_url(url: str) -> str:
    """Return the address as it is called, or raise ``ValidationError`` with what is wrong."""
    private = settings.CONFIG.allow_private_webhooks
    try:
        checked = check_base_url(url, allow_private=private)
        inside = not private and is_loopback((urlsplit(checked).hostname or "").rstrip("."))
    except Misconfigured:
        inside = True
    if inside:
        raise ValidationError(
            "Este endereço não pode ser usado. Ele precisa começar com https://, sem senha, sem ? "
            "nem #, e não pode levar à rede interna."
        )
    return url.strip()


class Postman:
    """Carries many messages at once; closed when the block ends.

    The calls run in an event loop of their own, so that each of them ends within the time-out
    whatever the other side does, and slow ones cost nothing but memory.
    """

    def __init__(self) -> None:
        self._timeout = float(settings.CONFIG.webhook_timeout)
        self._private = bool(settings.CONFIG.allow_private_webhooks)
        self._loop = asyncio.new_event_loop()
        # Looking up names blocks a thread; a slow name server must not keep the others waiting.
        self._loop.set_default_executor(ThreadPoolExecutor(_LOOKUPS, "webhooks-dns"))
        self._thread = threading.Thread(target=self._loop.run_forever, name="webhooks")
        self._client = httpx2.AsyncClient(
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
            verify=_trust(),
            timeout=self._timeout,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=50),
            follow_redirects=False,
            trust_env=False,
        )

    def __enter__(self) -> Postman:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def send(self, letter: Letter) -> Future[Answer]:
        """The answer comes within the time-out; no exception does."""
        return asyncio.run_coroutine_threadsafe(self._post(letter), self._loop)

    async def _close(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client.aclose()

    async def _post(self, letter: Letter) -> Answer:
        started = time.perf_counter()
        status: int | None = None
        retry_after: float | None = None
        kept = b""
        error = ""
        try:
            check_url(letter.url)  # what is allowed may have changed since it was typed
            async with asyncio.timeout(self._timeout):
                async with self._client.stream(
                    "POST",
                    letter.url,
                    content=letter.body,
                    headers=letter.headers,
                    extensions=self._guarded(letter.url),
                ) as response:
                    status = response.status_code
                    if status in (429, 503):
                        retry_after = parse_retry_after(response.headers.get("retry-after", ""))
                    async for chunk in response.aiter_raw():
                        kept += chunk
                        if len(kept) >= KEPT:
                            break
        except Exception as exc:
            error = self._why(exc)
        if status is not None:  # it has answered, whatever became of its text
            error = _judged(status)
        return Answer(
            status=status,
            error=error,
            text=redact_text(kept[:KEPT].decode(errors="replace").replace("\0", "")),
            retry_after=retry_after,
            seconds=time.perf_counter() - started,
        )

    def _guarded(self, url: str) -> dict[str, Any]:
        if self._private:
            return {}
        return {"trace": partial(_guard, urlsplit(url).hostname or "")}

    def _why(self, exc: Exception) -> str:
        if isinstance(exc, ValidationError):
            return _INSIDE
        trouble = explain(exc, read_only=True)[0].trouble
        if isinstance(exc, TimeoutError) or trouble is Trouble.TIMEOUT:
            seconds = f"{self._timeout:g}".replace(".", ",")
            return f"O destino não respondeu em {seconds} segundos."
        fallen = "A conexão caiu antes da resposta."
        return _TROUBLES.get(trouble, fallen) if trouble else fallen


@cache
def _trust() -> ssl.SSLContext:
    """Built once: it costs some twenty milliseconds."""
    return httpx2.create_ssl_context()


async def _guard(host: str, event: str, info: Mapping[str, Any]) -> None:
    """Follow a new connection (httpcore's ``trace``) as ``bureaus.http`` does: before it is made,
    and before anything is said on it. A name may lead elsewhere at the second look."""
    if event == "connection.connect_tcp.started":
        await asyncio.to_thread(check_resolved, info["host"], info["port"])
    elif event == "connection.connect_tcp.complete":
        stream = info["return_value"]
        try:
            check_peer(host, stream.get_extra_info("server_addr")[0])
        except ForbiddenPeer:
            await stream.aclose()
            raise


def _judged(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return (
            f"O destino respondeu com um redirecionamento ({status}), que não é seguido. "
            "Escreva aqui o endereço final."
        )
    return f"O destino respondeu com o código {status}."
