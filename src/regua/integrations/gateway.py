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
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from regua.accounts.models import User
from regua.bureaus import registry
from regua.bureaus.contract import (
    BureauClient,
    CallEnd,
    CallStart,
    Connection,
    Environment,
    Provider,
    Token,
)
from regua.bureaus.errors import Misconfigured
from regua.integrations import vault
from regua.integrations.choices import CallOutcome
from regua.integrations.models import BureauCall, Integration

TOKEN_LOCK = 0x52454755  # "REGU": the advisory lock space of token fetches


def provider_of(integration: Integration) -> Provider:
    return registry.get(integration.provider)


class TokenRow:
    """``TokenStore`` on the integration's row, encrypted; one fetch at a time across processes."""

    def __init__(self, integration_id: int) -> None:
        self.integration_id = integration_id

    def _row(self) -> Integration:
        return Integration.objects.only("token_sealed", "token_expires_at").get(
            pk=self.integration_id
        )

    def get(self) -> Token | None:
        row = self._row()
        if not row.token_sealed or row.token_expires_at is None:
            return None
        try:
            return Token(row.unseal("token"), row.token_expires_at)
        except vault.VaultError:  # sealed with a key that is gone: a new one is fetched
            return None

    @contextmanager
    def lock(self) -> Iterator[None]:
        # A session lock, not a transaction's: the fetch is journalled while it is held.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [TOKEN_LOCK, self.integration_id])
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
        if self.get() == token:
            # Compare-and-set: somebody may have saved a newer token meanwhile.
            Integration.objects.filter(
                pk=self.integration_id, token_expires_at=token.expires_at
            ).update(token_sealed="", token_expires_at=None)


class Journal:
    """``CallJournal`` writing ``BureauCall`` rows; ``about`` says for whom and what."""

    def __init__(self, integration_id: int) -> None:
        self.integration_id = integration_id
        self.about: dict[str, Any] = {}
        self.clock_ahead: float | None = None

    def begin(self, call: CallStart) -> int:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            # Whatever this connection's habit, this one is on disk before the call leaves.
            cursor.execute("SET LOCAL synchronous_commit TO on")
            row = BureauCall.objects.create(
                integration_id=self.integration_id,
                method=call.method,
                path=call.path[:300],
                request=call.body,
                **self.about,
            )
        return row.pk

    def end(self, handle: int, outcome: CallEnd) -> None:
        answered = outcome.http_status is not None
        self.clock_ahead = outcome.clock_ahead
        BureauCall.objects.filter(pk=handle).update(
            http_status=outcome.http_status,
            response=outcome.body,
            error=outcome.error,
            duration_ms=outcome.duration_ms,
            outcome=CallOutcome.ANSWERED if answered else CallOutcome.FAILED,
        )


_lines = threading.local()


def _client(integration: Integration) -> tuple[BureauClient, Journal]:
    """This thread's open client of the integration, rebuilt when its credentials change."""
    kept: dict[int, tuple[tuple[str, ...], BureauClient, Journal]]
    kept = _lines.__dict__.setdefault("kept", {})
    version = (
        integration.provider,
        integration.base_url,
        integration.client_id_sealed,
        integration.client_secret_sealed,
        integration.settings_sealed,
        integration.environment,
        str(settings.CONFIG.bureau_timeout),
    )
    entry = kept.get(integration.pk)
    if entry and entry[0] == version:
        return entry[1], entry[2]
    if entry:
        entry[1].__exit__(None, None, None)
    journal = Journal(integration.pk)
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
            tokens=TokenRow(integration.pk),
            journal=journal,
            timeout=settings.CONFIG.bureau_timeout,
            settings=own,
            allow_private=settings.CONFIG.allow_private_bureau,
        )
    )
    kept[integration.pk] = (version, client.__enter__(), journal)
    return client, journal


@contextmanager
def line(
    integration: Integration, *, purpose: str, subject: str = "", actor: User | None = None
) -> Iterator[BureauClient]:
    """Yield the bureau's client; every exchange is logged as ``actor``'s for ``subject``.

    What troubles the whole integration (credentials, balance, address) stays on it as a sentence
    until a call succeeds. A product that is not contracted (403) concerns the question only.
    """
    try:
        client, journal = _client(integration)
        journal.about = {
            "purpose": purpose,
            "subject": subject,
            "actor_id": actor.pk if actor else None,
        }
        yield client
    except Misconfigured as error:
        if error.http_status != HTTPStatus.FORBIDDEN:
            problem_note(integration, error.message)
        raise
    problem_note(integration, "")


def clock_ahead(integration: Integration) -> float | None:
    """Seconds by which the bureau's clock was ahead of ours in this thread's last call to it."""
    entry = _lines.__dict__.get("kept", {}).get(integration.pk)
    return entry[2].clock_ahead if entry else None


def problem_note(integration: Integration, problem: str) -> None:
    """Remember what troubles a whole integration, or that nothing does (an empty sentence)."""
    if integration.problem != problem:
        Integration.objects.filter(pk=integration.pk).update(problem=problem)
        integration.problem = problem


def hang_up() -> None:
    """Close this thread's lines; a thread that speaks to bureaus calls it before it ends."""
    kept: dict[int, tuple[Any, BureauClient, Journal]] = _lines.__dict__.pop("kept", {})
    for _, client, _ in kept.values():
        client.__exit__(None, None, None)
