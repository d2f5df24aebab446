"""Reading the bureau's change feed (*Sincronizar status negativação*)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.bureaus.contract import WebhookEvent
from regua.bureaus.errors import BureauError
from regua.integrations import gateway, throttle
from regua.integrations.models import Integration
from regua.restrictions.choices import Source
from regua.restrictions.news import record_apply, records_match

PAGE = 200
OVERLAP = timedelta(minutes=2)
"""Read again this much of the feed: a change may be committed there after a later one was read."""


@dataclass(slots=True)
class SyncResult:
    read: int = 0
    changed: int = 0
    alien: int = 0
    """Records that the bureau has and we do not know."""


def restrictions_sync(*, integration: Integration, actor: User | None = None) -> SyncResult:
    """Apply everything that changed at the bureau since the last time.

    Raises ``BureauError``; the pages already read stay applied and the rest is read next time.
    """
    if actor is not None:
        require(actor, Permission.SYNCHRONISE, branch_id=integration.branch_id)
    result = SyncResult()
    since = integration.synced_until - OVERLAP if integration.synced_until else None
    cursor: str | None = None
    Integration.objects.filter(pk=integration.pk).update(last_sync_at=timezone.now())
    try:
        with gateway.line(
            integration, purpose="sync", subject=f"integration:{integration.pk}", actor=actor
        ) as client:
            while True:
                page = client.changes(since=since, cursor=cursor, limit=PAGE)
                pairs, alien = records_match(page.items, integration_id=integration.pk)
                for restriction, record in pairs:
                    result.changed += record_apply(
                        restriction.pk, record, source=Source.SYNC, actor=actor
                    )
                result.read += len(page.items)
                result.alien += alien
                if page.items:
                    _advance(integration, max(item.changed_at for item in page.items))
                if page.next_cursor is None:
                    break
                cursor = page.next_cursor
    except throttle.Held:
        raise  # the screens say by themselves why nobody calls
    except BureauError as error:
        # A bureau that cannot be read is the integration's trouble, whatever the reason.
        gateway.problem_note(integration, error.message)
        raise
    integration.refresh_from_db()
    return result


def _advance(integration: Integration, until: datetime) -> None:
    Integration.objects.filter(pk=integration.pk).exclude(synced_until__gte=until).update(
        synced_until=until
    )


def webhook_receive(*, integration: Integration, event: WebhookEvent) -> bool:
    """Apply one verified webhook; False where the record is not ours or tells nothing new."""
    pairs, _ = records_match([event.listing], integration_id=integration.pk)
    return any(
        record_apply(restriction.pk, record, source=Source.WEBHOOK) for restriction, record in pairs
    )
