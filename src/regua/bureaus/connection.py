"""What the application lends to an adapter: where to call, as whom, and whom to tell of each call.

Pure Python, as ``contract``.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from .contract import Environment


@dataclass(frozen=True, slots=True)
class Token:
    value: str = field(repr=False)
    expires_at: datetime


class TokenStore(Protocol):
    """Where an integration keeps its token, shared by every process that speaks for it."""

    def get(self) -> Token | None:
        """Return the stored token, or None."""

    def lock(self) -> AbstractContextManager[None]:
        """Hold the right to fetch: one holder per integration across all processes.

        It is held over one HTTP exchange, which the journal is told of: a journal that shares the
        lock's transaction would lose the very call that failed.
        """

    def save(self, token: Token) -> None: ...

    def invalidate(self, token: Token) -> None:
        """Forget ``token`` if it is still the stored one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStart:
    """An HTTP exchange about to leave; documents masked, secrets absent."""

    method: str
    path: str
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnd:
    """How it ended; ``http_status`` is None where no answer arrived, ``error`` says why."""

    http_status: int | None
    body: Any
    error: str
    duration_ms: int
    clock_ahead: float | None = None
    """Seconds by which the bureau's clock (``Date`` header) is ahead of ours, negative where it is
    behind; None where it gave none. Good to a second or two."""
    retry_after: float | None = None
    """Seconds for which the bureau asked not to be called (``Retry-After`` of a 429 or 503)."""
    bureau_up: bool | None = None
    """False where the bureau itself is in trouble: nobody answered, in time or intelligibly, or a
    5xx came. True where it answered, whatever it said. None where the exchange tells neither: it
    never left, or only a token was given."""


class CallJournal(Protocol):
    """Told of every HTTP exchange before it leaves and after it ends."""

    def begin(self, call: CallStart) -> Any:
        """Record the call durably and return a handle; an exception here stops the call.

        It returns when the call may leave: here a rate limit makes it wait.
        """

    def end(self, handle: Any, outcome: CallEnd) -> None:
        """Complete the record. An exception here is logged and never hides the bureau's answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Everything an adapter needs to speak for one integration."""

    base_url: str
    client_id: str
    client_secret: str = field(repr=False)
    environment: Environment
    tokens: TokenStore
    journal: CallJournal
    webhook_secret: str = field(default="", repr=False)
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the form asked beyond the fields above, by ``FormField.name``; secrets among it."""
    timeout: float = 30.0
    """Seconds to wait for the bureau's answer."""
    allow_private: bool = False
    """True where the installation permits a bureau inside its own network."""
