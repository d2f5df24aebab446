"""OAuth 2 client credentials for a bureau: one token, many processes, one fetch.

The token lives in the ``TokenStore`` that the application lends. It is fetched under the store's
lock, and whoever waited for the lock looks again before fetching: fifty workers waking up with an
expired token make one token call. A 401 on a call means expired or revoked: the token is forgotten,
one new one is fetched and the call is made once more.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2

from .connection import Token, TokenStore
from .errors import BureauError, Misconfigured, Trouble, TryLater
from .http import READ_ONLY, Answer, answer_from

LEEWAY = timedelta(seconds=30)
"""A token this close to its end is not used any more: it could expire on the way."""
UNKNOWN_LIFETIME = timedelta(minutes=5)
"""How long a token is trusted where the bureau does not say."""
MAX_LIFETIME = timedelta(hours=24)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class ClientCredentialsAuth(httpx2.Auth):
    """Sign every request with the integration's bearer token, fetching it when needed."""

    def __init__(
        self,
        *,
        token_url: str,
        client_id: str,
        client_secret: str,
        tokens: TokenStore,
        parameters: Mapping[str, str] | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._token_url = token_url
        self._credentials = b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._tokens = tokens
        self._form = {"grant_type": "client_credentials", **(parameters or {})}
        self._now = now

    def sync_auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        token = yield from self._current_token()
        request.headers["Authorization"] = f"Bearer {token.value}"
        response = yield request
        if response.status_code != 401:
            return
        self._tokens.invalidate(token)
        token = yield from self._current_token()
        request.headers["Authorization"] = f"Bearer {token.value}"
        yield request

    def _current_token(self) -> Generator[httpx2.Request, httpx2.Response, Token]:
        seen = self._tokens.get()
        if seen is not None and self._now() + LEEWAY < seen.expires_at:
            return seen
        with self._tokens.lock():
            stored = self._tokens.get()
            if stored is not None:
                # Another holder's fresh token is good to its very end, however short it lives.
                leeway = LEEWAY if stored == seen else timedelta(0)
                if self._now() + leeway < stored.expires_at:
                    return stored
            response = yield self._token_request()
            token = self._read_token(answer_from(response, read_only=True))
            self._tokens.save(token)
            return token

    def _token_request(self) -> httpx2.Request:
        return httpx2.Request(
            "POST",
            self._token_url,
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "Authorization": f"Basic {self._credentials}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
            content=urlencode(self._form).encode(),
            extensions={READ_ONLY: True},
        )

    def _read_token(self, answer: Answer) -> Token:
        if answer.status != 200:
            raise _token_refused(answer)
        fields = answer.error_payload()
        value = fields.get("access_token")
        if not isinstance(value, str) or not re.fullmatch(r"[\x21-\x7e]{1,8192}", value):
            raise TryLater(
                "O birô respondeu ao pedido de acesso sem uma chave utilizável. Nada foi enviado. "
                "Uma nova tentativa será feita mais tarde.",
                http_status=answer.status,
                trouble=Trouble.NOT_A_BUREAU,
            )
        return Token(value=value, expires_at=self._now() + _lifetime(fields.get("expires_in")))


def _lifetime(expires_in: Any) -> timedelta:
    """Return how long to trust a token; nonsense and silence get a short, fixed life."""
    if isinstance(expires_in, str) and re.fullmatch(r"[0-9]{1,9}", expires_in):
        expires_in = int(expires_in)
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | float) or expires_in <= 0:
        return UNKNOWN_LIFETIME
    return timedelta(seconds=min(expires_in, MAX_LIFETIME.total_seconds()))


def _token_refused(answer: Answer) -> BureauError:
    if answer.status in (400, 401, 403):
        return Misconfigured(
            "O birô não aceitou o Client ID e o Client Secret da integração. Nada foi enviado. "
            "Confira os dois com o birô e grave a integração de novo.",
            http_status=answer.status,
            trouble=Trouble.CREDENTIALS,
        )
    if answer.status == 402:
        return Misconfigured(
            "O birô informa falta de saldo ou pendência no contrato. Nada foi enviado. "
            "Acerte com o birô e retome os envios.",
            http_status=answer.status,
            trouble=Trouble.CONTRACT,
        )
    if answer.status == 429 or answer.status == 408 or answer.status >= 500:
        return TryLater(
            "O birô não conseguiu dar uma chave de acesso agora. Nada foi enviado. "
            "Uma nova tentativa será feita mais tarde.",
            http_status=answer.status,
            retry_after=answer.retry_after,
        )
    return Misconfigured(
        "O endereço da integração não respondeu como um birô ao pedido de acesso "
        f"(HTTP {answer.status}). Nada foi enviado. Confira o endereço na integração.",
        http_status=answer.status,
        trouble=Trouble.NOT_A_BUREAU,
    )
