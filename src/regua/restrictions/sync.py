"""Reading the bureau's change feed (*Sincronizar status negativação*)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.bureaus.contract import BureauClient, ListingPage
from regua.bureaus.errors import BureauError, TryLater
from regua.integrations import gateway, throttle
from regua.integrations.exclusive import only_one
from regua.integrations.models import Integration
from regua.integrations.outbox import ask_for_sender, backoff
from regua.restrictions.choices import Source
from regua.restrictions.inbox import deliveries_retry
from regua.restrictions.models import SyncState
from regua.restrictions.news import record_apply, records_match
from regua.restrictions.services import SYNC

PAGE = 200
OVERLAP = timedelta(minutes=2)
"""Read again this much of the feed: a change may be committed there after a later one was read."""
SYNC_LOCK = 0x53594E43  # "SYNC"
ATTEMPTS = 4
"""How often one page is asked for."""
LONGEST_PAUSE = 30.0
"""Seconds: whom the bureau asks to wait longer comes back at the next sync."""


@dataclass(slots=True)
class SyncResult:
    read: int = 0
    changed: int = 0
    alien: int = 0
    """Records that the bureau has and we do not know."""


def sync_ask(*, integration: Integration, actor: User) -> bool:
    """Ask a worker for a sync (*Sincronizar status negativação*); False where one is under way or
    waiting already, which is enough. Raises ``NotAllowed`` or ``ValidationError``."""
    require(actor, Permission.SYNCHRONISE, branch_id=integration.branch_id)
    if integration.linked_at is None or integration.archived_at is not None:
        raise ValidationError(
            f"A integração nº {integration.pk} não está vinculada à filial. Nada foi sincronizado. "
            "Vincule em Configurações > Empresa > Filiais > aba Integrações."
        )
    with transaction.atomic():
        SyncState.objects.get_or_create(integration=integration)
        state = SyncState.objects.select_for_update().get(integration=integration)
        if state.is_open:
            ask_for_sender(SYNC, integration.pk)  # should its worker have died
            return False
        SyncState.objects.filter(pk=integration.pk).update(asked_at=timezone.now(), asked_by=actor)
        ask_for_sender(SYNC, integration.pk)
    return True


def restrictions_sync(*, integration: Integration, actor: User | None = None) -> SyncResult:
    """Apply everything that changed at the bureau since the last time.

    One at a time per integration: where another is under way, waits for it and then reads on.
    Raises ``BureauError``; the pages already read stay applied and the rest is read next time.
    """
    if actor is not None:
        require(actor, Permission.SYNCHRONISE, branch_id=integration.branch_id)
    with only_one(SYNC_LOCK, integration.pk, wait=True):
        integration.refresh_from_db()
        result = SyncResult()
        _note(integration, result, started_at=timezone.now(), finished_at=None, problem="")
        Integration.objects.filter(pk=integration.pk).update(last_sync_at=timezone.now())
        try:
            _read(integration, result, actor)
        except BureauError as error:
            # A bureau that cannot be read is the integration's trouble, whatever the reason.
            if not isinstance(error, throttle.Held):  # the screens say so by themselves
                gateway.problem_note(integration, error.message)
            _note(integration, result, finished_at=timezone.now(), problem=error.message)
            raise
        _note(integration, result, finished_at=timezone.now())
        deliveries_retry(integration.pk)
    integration.refresh_from_db()
    return result


def _read(integration: Integration, result: SyncResult, actor: User | None) -> None:
    since = integration.synced_until - OVERLAP if integration.synced_until else None
    cursor: str | None = None
    with gateway.line(
        integration, purpose="sync", subject=f"integration:{integration.pk}", actor=actor
    ) as client:
        while True:
            page = _page(client, since, cursor)
            pairs, alien = records_match(page.items, integration_id=integration.pk)
            for restriction, record in pairs:
                result.changed += record_apply(
                    restriction.pk, record, source=Source.SYNC, actor=actor
                )
            result.read += len(page.items)
            result.alien += alien
            if page.items:
                _advance(integration, max(item.changed_at for item in page.items))
            _note(integration, result)
            if page.next_cursor is None:
                break
            cursor = page.next_cursor


def _page(client: BureauClient, since: datetime | None, cursor: str | None) -> ListingPage:
    """A page of the feed; where a bureau that answered stumbles, it is asked for again.

    Each sync begins with what changed lately (``OVERLAP``), which may be many pages: one that gave
    up at the first bad answer might never come past them.
    """
    for attempt in range(1, ATTEMPTS):
        try:
            return client.changes(since=since, cursor=cursor, limit=PAGE)
        except TryLater as error:
            wait = max(backoff(attempt).total_seconds(), error.retry_after or 0)
            if cursor is None or wait > LONGEST_PAUSE:
                raise
            time.sleep(wait)
    return client.changes(since=since, cursor=cursor, limit=PAGE)


def _advance(integration: Integration, until: datetime) -> None:
    Integration.objects.filter(pk=integration.pk).exclude(synced_until__gte=until).update(
        synced_until=until
    )


def _note(integration: Integration, result: SyncResult, **changes: object) -> None:
    SyncState.objects.update_or_create(
        integration=integration,
        defaults={
            "read": result.read,
            "changed": result.changed,
            "alien": result.alien,
            "touched_at": timezone.now(),
            **changes,
        },
    )
