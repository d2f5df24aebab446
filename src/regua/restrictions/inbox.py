"""The webhook inbox: a delivery is written down and answered at once, then applied in turn.

Nothing is lost by a crash between the two, nothing is applied twice, and what is about a listing
that we do not know (yet) is kept until we do.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from regua.bureaus.contract import ListingRecord, ListingStatus, WebhookEvent
from regua.integrations.models import Integration
from regua.integrations.outbox import ask_for_sender
from regua.restrictions.choices import Source
from regua.restrictions.ledger_choices import DeliveryOutcome
from regua.restrictions.models import WebhookDelivery
from regua.restrictions.news import record_apply, records_match

logger = logging.getLogger(__name__)

INBOX = "restrictions.inbox"
KEPT = timedelta(days=90)
"""How long a delivery that has been dealt with is kept."""
KEPT_WAITING = timedelta(days=180)
"""How long one is kept that nothing could be done with: its listing is not known here, or applying
it fails. By then the weekly reconciliation has shown the difference many times."""
_SENSIBLE = timedelta(days=3650)
_PURGE_AT_ONCE = 5000


def delivery_keep(*, integration: Integration, event: WebhookEvent) -> None:
    """Write a verified delivery down, once, and ask for what will apply it."""
    record = event.listing
    now = timezone.now()
    delivery = WebhookDelivery(
        integration=integration,
        event_id=_key(event.event_id),
        occurred_at=event.occurred_at if abs(event.occurred_at - now) < _SENSIBLE else None,
        protocol=record.protocol[:60],
        reference=reference_of(record),
        version=record.version,
    )
    delivery.seal(record_dump(record))
    with transaction.atomic():
        WebhookDelivery.objects.bulk_create([delivery], ignore_conflicts=True)
        ask_for_sender(INBOX, integration.pk)


def inbox_drain(integration_id: int, *, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Apply what waits in an integration's inbox in the order of arrival; return how many."""
    count = 0
    while not should_stop() and _settle_next(integration_id):
        count += 1
    return count


def _settle_next(integration_id: int) -> bool:
    with transaction.atomic():
        delivery = (
            WebhookDelivery.objects.select_for_update(skip_locked=True)
            .only("integration_id", "record_sealed", "outcome")
            .filter(integration_id=integration_id, outcome=DeliveryOutcome.PENDING)
            .order_by("received_at")
            .first()
        )
        if delivery is None:
            return False
        try:
            with transaction.atomic():
                delivery.outcome = _apply(delivery)
        except (OperationalError, InterfaceError):
            raise  # it stays pending: the database is the trouble, not the delivery
        except Exception as error:
            # What it says is personal; only its number and the kind of trouble are told.
            logger.error("webhook %s: %s", delivery.pk, type(error).__name__)
            delivery.outcome = DeliveryOutcome.FAILED
        delivery.settled_at = timezone.now()
        delivery.save(update_fields=["outcome", "settled_at"])
    return True


def _apply(delivery: WebhookDelivery) -> DeliveryOutcome:
    record = record_load(delivery.unseal())
    pairs, alien = records_match([record], integration_id=delivery.integration_id)
    if alien:
        return DeliveryOutcome.UNKNOWN
    for restriction, news in pairs:
        if record_apply(restriction.pk, news, source=Source.WEBHOOK):
            return DeliveryOutcome.APPLIED
    return DeliveryOutcome.STALE


def deliveries_retry(integration_id: int) -> int:
    """Take up again what failed, and what was about listings that we know by now."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE restrictions_webhookdelivery AS delivery
            SET outcome = 'pending', settled_at = NULL
            WHERE integration_id = %s AND (outcome = 'failed' OR outcome = 'unknown' AND EXISTS (
                SELECT FROM restrictions_restriction AS r
                WHERE r.integration_id = delivery.integration_id
                    AND (r.protocol = delivery.protocol AND r.protocol <> ''
                        OR r.idempotency_key = delivery.reference)
            ))
            """,
            [integration_id],
        )
        found = cursor.rowcount
        if found:
            ask_for_sender(INBOX, integration_id)
    return found


def deliveries_purge() -> int:
    """Forget what was dealt with long ago, and what waited in vain for longer; return how many."""
    now = timezone.now()
    settled = WebhookDelivery.objects.filter(
        outcome__in=[DeliveryOutcome.APPLIED, DeliveryOutcome.STALE], settled_at__lt=now - KEPT
    )
    # From its arrival: each new attempt to apply one that fails settles it anew.
    waiting = WebhookDelivery.objects.filter(
        outcome__in=[DeliveryOutcome.UNKNOWN, DeliveryOutcome.FAILED],
        received_at__lt=now - KEPT_WAITING,
    )
    return _purge(settled) + _purge(waiting)


def _purge(deliveries: QuerySet[WebhookDelivery]) -> int:
    total = 0
    while True:
        old = deliveries.values("pk")[:_PURGE_AT_ONCE]
        gone, _ = WebhookDelivery.objects.filter(pk__in=old).delete()
        total += gone
        if gone < _PURGE_AT_ONCE:
            return total


def reference_of(record: ListingRecord) -> UUID | None:
    try:
        return UUID(record.reference)
    except ValueError:
        return None


def record_dump(record: ListingRecord) -> str:
    return json.dumps(asdict(record), default=str)


def record_load(text: str) -> ListingRecord:
    fields: dict[str, Any] = json.loads(text)
    for name in ("due_date", "notified_on", "visible_on", "removed_on"):
        if fields[name] is not None:
            fields[name] = date.fromisoformat(fields[name])
    fields["amount"] = Decimal(fields["amount"])
    fields["status"] = ListingStatus(fields["status"])
    fields["changed_at"] = datetime.fromisoformat(fields["changed_at"])
    return ListingRecord(**fields)


def _key(event_id: str) -> str:
    if re.fullmatch(r"[\x21-\x7e]{1,120}", event_id):
        return event_id
    return hashlib.sha256(event_id.encode("utf-8", "surrogatepass")).hexdigest()
