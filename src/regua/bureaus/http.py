"""The one way out to a bureau: a small synchronous JSON client over httpx2.

Whatever happens on the wire ends as an ``Answer`` or as one of the four outcomes of ``errors``:

* a connection never made → ``TryLater`` (nothing was sent), for TLS failures ``Misconfigured``;
* anything lost after that → ``OutcomeUnknown`` where the request could change something at the
  bureau, ``TryLater`` where it only reads.

Every exchange, token fetches and repeated calls included, is told to the ``CallJournal`` before it
leaves and after it ends; what the journal sees is redacted. Exceptions of httpx2 are not chained to
ours: their texts may quote what the bureau answered.
"""

from __future__ import annotations

import json
import logging
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache, partial
from typing import Any
from urllib.parse import parse_qsl

import httpx2

from regua import __version__

from .addresses import ForbiddenPeer, check_peer, check_resolved
from .addresses import check_base_url as check_base_url
from .connection import CallEnd, CallJournal, CallStart
from .errors import BureauError, Misconfigured, OutcomeUnknown, TryLater
from .reading import MalformedAnswer, parse_json
from .redact import redact, redact_path, redact_text
from .wire_failures import IN_DOUBT, AnswerTooLarge, AnswerTooSlow, explain

CONNECT_TIMEOUT = 5.0
MAX_ANSWER_BYTES = 10 * 1024 * 1024
MAX_RETRY_AFTER = 24 * 60 * 60.0
USER_AGENT = f"regua/{__version__}"

READ_ONLY = "regua.read_only"
"""Request extension of a POST that changes nothing at the bureau (a token fetch)."""
_PARSED = "regua.parsed"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the bureau answered, whatever the status."""

    status: int
    content_type: str
    content: bytes = field(repr=False)
    retry_after: float | None
    read_only: bool
    """True where the request could not have changed anything at the bureau."""
    parsed: Any = field(repr=False)
    """The JSON body, or a ``MalformedAnswer``."""

    def payload(self) -> Any:
        """Return the JSON body or raise ``MalformedAnswer``."""
        if isinstance(self.parsed, MalformedAnswer):
            raise MalformedAnswer(str(self.parsed))
        return self.parsed

    def error_payload(self) -> Mapping[str, Any]:
        """Return the JSON object of an error answer, empty where there is none."""
        return self.parsed if isinstance(self.parsed, Mapping) else {}

    def unreadable(self, problem: str) -> BureauError:
        """Explain an answer that came and cannot be understood."""
        if self.read_only:
            return TryLater(
                f"A resposta do birô não pôde ser lida ({problem}). "
                "Nada mudou. A pergunta será refeita mais tarde.",
                http_status=self.status,
            )
        return OutcomeUnknown(
            f"O birô respondeu, mas a resposta não pôde ser lida ({problem}). {IN_DOUBT}",
            http_status=self.status,
        )


class HttpClient:
    """JSON over HTTP to one bureau; its connections are kept alive until it is closed."""

    def __init__(
        self,
        *,
        base_url: str,
        journal: CallJournal,
        timeout: float,
        auth: httpx2.Auth | None = None,
        allow_private: bool = False,
    ) -> None:
        self._base_url = check_base_url(base_url, allow_private=allow_private)
        self._client = httpx2.Client(
            auth=auth,
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
            transport=_JournalledTransport(
                journal=journal, timeout=timeout, allow_private=allow_private
            ),
            timeout=httpx2.Timeout(timeout, connect=min(CONNECT_TIMEOUT, timeout)),
            follow_redirects=False,
            trust_env=False,
        )

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def get(
        self,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        accept: str = "application/json",
    ) -> Answer:
        """Read something; what goes wrong on the way is ``TryLater`` or ``Misconfigured``."""
        return self._send("GET", path, params=params, headers={"Accept": accept})

    def post(
        self, path: str, *, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask for something to be done; a lost answer is ``OutcomeUnknown``."""
        content = json.dumps(body, ensure_ascii=False, allow_nan=False).encode(errors="replace")
        return self._send(
            "POST",
            path,
            content=content,
            headers={
                "Accept": "application/json",
                "Content-Type": "application/json",
                **(headers or {}),
            },
        )

    def _send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        response = self._client.request(
            method, _url(self._base_url + path), headers=headers, content=content, params=params
        )
        return answer_from(response, read_only=method == "GET")


def answer_from(response: httpx2.Response, *, read_only: bool) -> Answer:
    """Turn a response that passed through our transport into an ``Answer``."""
    return Answer(
        status=response.status_code,
        content_type=response.headers.get("content-type", ""),
        content=response.content,
        retry_after=parse_retry_after(response.headers.get("retry-after", "")),
        read_only=read_only,
        parsed=response.extensions[_PARSED],
    )


# --- one exchange --------------------------------------------------------------------------------


class _JournalledTransport(httpx2.BaseTransport):
    """Carry one exchange at a time, tell the journal, bound the answer, explain the failure."""

    def __init__(self, *, journal: CallJournal, timeout: float, allow_private: bool) -> None:
        self._journal = journal
        self._allow_private = allow_private
        self._timeout = timeout
        self._timeouts = httpx2.Timeout(timeout, connect=min(CONNECT_TIMEOUT, timeout)).as_dict()
        self._inner = httpx2.HTTPTransport(
            verify=_ssl_context(),
            trust_env=False,
            limits=httpx2.Limits(max_connections=20, max_keepalive_connections=5),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        # Requests made by an Auth do not pass through Client.request, which sets the time-outs.
        request.extensions = {**request.extensions, "timeout": self._timeouts}
        if not self._allow_private:
            # Also here, because a name that was harmless when it was typed may lead elsewhere now.
            request.extensions["trace"] = partial(_guard, request.url.host)
        handle = self._journal.begin(_call_start(request))
        started = time.perf_counter()
        response: httpx2.Response | None = None
        failure: BureauError | None = None
        error = "a chamada foi interrompida"
        try:
            response = self._exchange(request)
            error = ""
        except Exception as exc:
            failure, error = explain(exc, read_only=_is_read_only(request))
        finally:
            up = _is_up(request, response, failure)
            self._end(handle, response, up, error, time.perf_counter() - started)
        if response is None:
            assert failure is not None  # noqa: S101
            raise failure
        return response

    def close(self) -> None:
        self._inner.close()

    def _exchange(self, request: httpx2.Request) -> httpx2.Response:
        deadline = time.monotonic() + self._timeout
        response = self._inner.handle_request(request)
        chunks = []
        size = 0
        try:
            for chunk in response.iter_bytes():
                size += len(chunk)
                if size > MAX_ANSWER_BYTES:
                    raise AnswerTooLarge
                if time.monotonic() > deadline:
                    raise AnswerTooSlow
                chunks.append(chunk)
        finally:
            response.close()
        content = b"".join(chunks)
        headers = {
            name: response.headers[name]
            for name in ("content-type", "retry-after", "date")
            if name in response.headers
        }
        parsed = parse_json(headers.get("content-type", ""), content)
        return httpx2.Response(
            response.status_code, headers=headers, content=content, extensions={_PARSED: parsed}
        )

    def _end(
        self,
        handle: Any,
        response: httpx2.Response | None,
        up: bool | None,
        error: str,
        seconds: float,
    ) -> None:
        try:
            outcome = CallEnd(
                http_status=response.status_code if response is not None else None,
                body=_journal_body(response) if response is not None else None,
                error=error,
                duration_ms=round(seconds * 1000),
                clock_ahead=_clock_ahead(response) if response is not None else None,
                retry_after=_told_to_wait(response) if response is not None else None,
                bureau_up=up,
            )
            self._journal.end(handle, outcome)
        except Exception as exc:
            # The bureau's answer matters more than the record of it.
            logger.error("O fim de uma chamada não pôde ser anotado: %s", type(exc).__name__)


def _guard(host: str, event: str, info: Mapping[str, Any]) -> None:
    """Follow a new connection (httpcore's ``trace``): before it is made, and before anything is
    said on it. A name may resolve to another address at the second look."""
    if event == "connection.connect_tcp.started":
        check_resolved(info["host"], info["port"])
    elif event == "connection.connect_tcp.complete":
        stream = info["return_value"]
        try:
            check_peer(host, stream.get_extra_info("server_addr")[0])
        except ForbiddenPeer:
            stream.close()
            raise


def _clock_ahead(response: httpx2.Response) -> float | None:
    try:
        moment = parsedate_to_datetime(response.headers["date"])
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - datetime.now(UTC)).total_seconds()
    except (KeyError, ValueError, TypeError, OverflowError, IndexError):
        return None


def _is_up(
    request: httpx2.Request, response: httpx2.Response | None, failure: BureauError | None
) -> bool | None:
    if response is None:
        return None if failure is None or isinstance(failure, Misconfigured) else False
    if response.status_code >= 500:
        return False
    # Tokens often come from a server of their own.
    return None if request.extensions.get(READ_ONLY) else True


def _told_to_wait(response: httpx2.Response) -> float | None:
    if response.status_code not in (429, 503):
        return None
    return parse_retry_after(response.headers.get("retry-after", ""))


_url = lru_cache(maxsize=100)(httpx2.URL)
"""Most calls go to few addresses."""


@lru_cache(maxsize=1)
def _ssl_context() -> ssl.SSLContext:
    """Build the trust store once for all clients: it costs some twenty milliseconds."""
    return httpx2.create_ssl_context()


def _is_read_only(request: httpx2.Request) -> bool:
    return request.method == "GET" or bool(request.extensions.get(READ_ONLY))


def parse_retry_after(value: str, *, now: datetime | None = None) -> float | None:
    """Return the seconds a ``Retry-After`` header asks for (number or HTTP date), at most a day."""
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", value):
        return min(float(value), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


# --- bodies --------------------------------------------------------------------------------------


def _call_start(request: httpx2.Request) -> CallStart:
    content = request.content
    body: Any = None
    if request.headers.get("content-type") == "application/x-www-form-urlencoded":
        body = redact(dict(parse_qsl(content.decode())))
    elif content:
        body = redact(json.loads(content))
    return CallStart(
        method=request.method, path=redact_path(request.url.raw_path.decode()), body=body
    )


def _journal_body(response: httpx2.Response) -> Any:
    parsed = response.extensions[_PARSED]
    if not isinstance(parsed, MalformedAnswer):
        return redact(parsed)
    if not response.content:
        return None
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type.startswith("text/"):
        return redact_text(response.content[:4000].decode(errors="replace").replace("\0", ""))
    return {"content_type": redact_text(content_type), "bytes": len(response.content)}


class _RedactRequestLines(logging.Filter):
    """httpx2 logs every URL at level INFO, and one of ours carries a document."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                redact_path(str(argument)) if isinstance(argument, httpx2.URL) else argument
                for argument in record.args
            )
        return True


logging.getLogger("httpx2").addFilter(_RedactRequestLines())
