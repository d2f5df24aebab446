"""Joins an ``Integration`` row to its bureau's adapter: credentials, token, call log.

Everything that speaks to a bureau goes through ``line``::

    with gateway.line(integration, purpose="restriction", subject="restriction:7") as client:
        client.list_debt(...)

Never inside a transaction: the call log must be durable before the call leaves.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from psycopg.types.json import Jsonb

from regua.accounts.models import User
from regua.bureaus import registry
from regua.bureaus.connection import CallEnd, CallStart, Connection, Token
from regua.bureaus.contract import BureauClient, Environment, Provider
from regua.bureaus.errors import Misconfigured
from regua.integrations import throttle, vault
from regua.integrations.choices import CallOutcome
from regua.integrations.models import BureauCall, Integration
from regua.web import sql

TOKEN_LOCK = 0x52454755  # "REGU": the advisory lock space of token fetches


def provider_of(integration: Integration) -> Provider:
    return registry.get(integration.provider)


class TokenRow:
    """``TokenStore`` on the integration's row, encrypted; one fetch at a time across processes."""

    def __init__(self, integration_id: int) -> None:
        self.integration_id = integration_id
        self.lent: Integration | None = None
        """The row that the caller has in hand: its token is tried before the row is read again."""
        self._opened = ("", "")
        """The token unsealed last, its seal before it."""

    def _row(self) -> Integration:
        return Integration.objects.only("token_sealed", "token_expires_at").get(
            pk=self.integration_id
        )

    def get(self) -> Token | None:
        row = self.lent if self.lent and self.lent.token_sealed else self._row()
        if not row.token_sealed or row.token_expires_at is None:
            return None
        if self._opened[0] != row.token_sealed:
            try:
                self._opened = row.token_sealed, row.unseal("token")
            except vault.VaultError:  # sealed with a key that is gone: a new one is fetched
                return None
        return Token(self._opened[1], row.token_expires_at)

    @contextmanager
    def lock(self) -> Iterator[None]:
        # A session lock, not a transaction's: the fetch is journalled while it is held.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [TOKEN_LOCK, self.integration_id])
            self.lent = None
            try:
                yield
            finally:
                cursor.execute(
                    "SELECT pg_advisory_unlock(%s, %s)", [TOKEN_LOCK, self.integration_id]
                )

    def save(self, token: Token) -> None:
        row = self._row()
        row.seal("token", token.value)
        row.token_expires_at = token.expires_at
        row.token_updated_at = timezone.now()
        row.save(update_fields=["token_sealed", "token_expires_at", "token_updated_at"])

    def invalidate(self, token: Token) -> None:
        self.lent = None
        if self.get() == token:
            # Compare-and-set: somebody may have saved a newer token meanwhile.
            Integration.objects.filter(
                pk=self.integration_id, token_expires_at=token.expires_at
            ).update(token_sealed="", token_expires_at=None)


class Journal:
    """``CallJournal`` writing ``BureauCall`` rows; ``about`` says for whom and what.

    It lets no call leave before its turn (``throttle``).
    """

    def __init__(self, integration_id: int) -> None:
        self.integration_id = integration_id
        self.about: dict[str, Any] = {}
        self.limit = 1
        self.forced = False
        """The call may try a breaker that is open."""
        self.tries = False
        """This line is the one that an open breaker lets try; so are its calls until one tells."""
        self.clock_ahead: float | None = None

    def begin(self, call: CallStart) -> int:
        if connection.in_atomic_block:
            raise RuntimeError("a call's log must be durable before it leaves: end the transaction")
        forced = self.forced or self.tries
        pk = self._write(call, forced=forced)
        if pk is None:
            raise throttle.refusal(self.integration_id, self.limit)
        try:
            tries = throttle.turn(self.integration_id, self.limit, forced=forced)
        except BaseException:
            BureauCall.objects.filter(pk=pk).delete()  # it has not left
            raise
        self.tries = self.tries or tries
        return pk

    def _write(self, call: CallStart, *, forced: bool) -> int | None:
        """The log's row on disk; None, and nothing is written, while no call may leave."""
        with connection.cursor() as cursor:
            cursor.execute(
                _BEGIN,
                {
                    "integration_id": self.integration_id,
                    "method": call.method,
                    "path": call.path[:300],
                    "request": _json(call.body),
                    "forced": forced,
                    **self.about,
                },
            )
            row = cursor.fetchone()
        return int(row[0]) if row else None

    def end(self, handle: int, outcome: CallEnd) -> None:
        answered = outcome.http_status is not None
        self.clock_ahead = outcome.clock_ahead
        # Before anybody acts upon the answer: the next call is somebody else's, at once.
        if outcome.retry_after is not None:
            throttle.told_to_wait(self.integration_id, outcome.retry_after)
        if outcome.bureau_up is False:
            throttle.failed(self.integration_id, tries=self.tries)
        if outcome.bureau_up is not None:
            self.tries = False
        with connection.cursor() as cursor:
            cursor.execute(
                _END,
                {
                    "id": handle,
                    "integration_id": self.integration_id,
                    "up": outcome.bureau_up is True,
                    "http_status": outcome.http_status,
                    "response": _json(outcome.body),
                    "error": outcome.error,
                    "duration_ms": outcome.duration_ms,
                    "outcome": (CallOutcome.ANSWERED if answered else CallOutcome.FAILED).value,
                },
            )


# Every call to every bureau passes here: one round trip each way. The beginning is on disk before
# the call leaves; an end that a power cut takes leaves the call without one, as if it had struck
# a moment earlier.
_BEGIN = f"""
WITH durable AS (SELECT {sql.DURABLY})
INSERT INTO integrations_bureaucall
    (integration_id, actor_id, purpose, subject, method, path, request, error, outcome)
SELECT %(integration_id)s, %(actor_id)s, %(purpose)s, %(subject)s, %(method)s, %(path)s,
       %(request)s, '', 'pending'
FROM durable
WHERE NOT {throttle.HELD.format(integration="%(integration_id)s", breaker="NOT %(forced)s")}
RETURNING id
"""  # noqa: S608
_END = f"""
WITH calm AS ({throttle.CALM.format(integration="%(integration_id)s")} AND %(up)s)
UPDATE integrations_bureaucall
SET http_status = %(http_status)s, response = %(response)s, error = %(error)s,
    duration_ms = %(duration_ms)s, outcome = %(outcome)s
WHERE id = %(id)s
RETURNING {sql.LAZILY}
"""  # noqa: S608


def _json(body: Any) -> Any:
    return None if body is None else Jsonb(body)


@dataclass(frozen=True, slots=True)
class _Line:
    version: tuple[str, ...]
    """What the client was made of; another one is made when it changes."""
    client: BureauClient
    journal: Journal
    tokens: TokenRow


_lines = threading.local()


def _line(integration: Integration) -> _Line:
    """This thread's open line of the integration, made anew when its credentials change."""
    kept: dict[int, _Line] = _lines.__dict__.setdefault("kept", {})
    version = (
        integration.provider,
        integration.environment,
        integration.base_url,
        integration.client_id_sealed,
        integration.client_secret_sealed,
        integration.settings_sealed,
        integration.environment,
        str(settings.CONFIG.bureau_timeout),
    )
    entry = kept.get(integration.pk)
    if entry and entry.version == version:
        return entry
    if entry:
        entry.client.__exit__(None, None, None)
    journal, tokens = Journal(integration.pk), TokenRow(integration.pk)
    try:
        client_id, secret = integration.unseal("client_id"), integration.unseal("client_secret")
        own = integration.provider_settings()
    except vault.VaultError as error:
        raise Misconfigured(f"{error} Nada foi enviado.") from error
    client = provider_of(integration).connect(
        Connection(
            base_url=integration.base_url,
            client_id=client_id,
            client_secret=secret,
            environment=Environment(integration.environment),
            tokens=tokens,
            journal=journal,
            timeout=settings.CONFIG.bureau_timeout,
            settings=own,
            allow_private=settings.CONFIG.allow_private_bureau,
        )
    )
    kept[integration.pk] = entry = _Line(version, client.__enter__(), journal, tokens)
    return entry


@contextmanager
def line(
    integration: Integration,
    *,
    purpose: str,
    subject: str = "",
    actor: User | None = None,
    actor_id: int | None = None,
    forced: bool = False,
) -> Iterator[BureauClient]:
    """Yield the bureau's client; every exchange is logged as ``actor``'s for ``subject``.

    Whoever knows only the actor's id passes ``actor_id``. ``forced``: also while the breaker is
    open. An exchange that may not leave now raises ``throttle.Held``.

    What troubles the whole integration (credentials, balance, address) stays on it as a sentence
    until a call succeeds. A product that is not contracted (403) concerns the question only.
    """
    try:
        opened = _line(integration)
        opened.tokens.lent = integration
        opened.journal.about = {
            "purpose": purpose,
            "subject": subject,
            "actor_id": actor.pk if actor else actor_id,
        }
        opened.journal.limit = integration.calls_per_second
        opened.journal.forced, opened.journal.tries = forced, False
        yield opened.client
    except Misconfigured as error:
        if error.http_status != HTTPStatus.FORBIDDEN:
            problem_note(integration, error.message)
        raise
    problem_note(integration, "")


def clock_ahead(integration: Integration) -> float | None:
    """Seconds by which the bureau's clock was ahead of ours in this thread's last call to it."""
    kept: dict[int, _Line] = _lines.__dict__.get("kept", {})
    entry = kept.get(integration.pk)
    return entry.journal.clock_ahead if entry else None


def problem_note(integration: Integration, problem: str) -> None:
    """Remember what troubles a whole integration, or that nothing does (an empty sentence)."""
    if integration.problem != problem:
        Integration.objects.filter(pk=integration.pk).update(problem=problem)
        integration.problem = problem


def hang_up() -> None:
    """Close this thread's lines; a thread that speaks to bureaus calls it before it ends."""
    kept: dict[int, _Line] = _lines.__dict__.pop("kept", {})
    for entry in kept.values():
        entry.client.__exit__(None, None, None)
