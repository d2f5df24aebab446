"""How long delivered webhooks are kept."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from regua.bureaus.contract import ListingRecord, ListingStatus, WebhookEvent
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.restrictions.inbox import deliveries_purge, deliveries_retry, delivery_keep, inbox_drain
from regua.restrictions.models import WebhookDelivery
from tests.restrictions import bare

pytestmark = pytest.mark.django_db


@pytest.fixture
def theirs(branch: Branch) -> Integration:
    return bare.integration(branch)


def delivered(integration: Integration) -> WebhookDelivery:
    """One about a listing that nobody here knows."""
    record = ListingRecord(
        protocol="NALHEIO",
        reference="",
        document="",
        contract="1",
        amount=Decimal("10.00"),
        due_date=date(2026, 1, 5),
        status=ListingStatus.ACTIVE,
        code="",
        message="",
        notified_on=None,
        visible_on=None,
        removed_on=None,
        removal_code="",
        version=1,
        changed_at=timezone.now(),
    )
    event = WebhookEvent(event_id=str(uuid.uuid4()), occurred_at=record.changed_at, listing=record)
    delivery_keep(integration=integration, event=event)
    return WebhookDelivery.objects.get(event_id=event.event_id)


def test_what_nobody_here_knows_is_forgotten_after_half_a_year(theirs: Integration) -> None:
    young, old = delivered(theirs), delivered(theirs)
    assert inbox_drain(theirs.pk) == 2
    assert set(WebhookDelivery.objects.values_list("outcome", flat=True)) == {"unknown"}

    # Longer than what was dealt with: its listing may turn up yet.
    for row, days in ((young, 179), (old, 181)):
        then = timezone.now() - timedelta(days=days)
        WebhookDelivery.objects.filter(pk=row.pk).update(received_at=then, settled_at=then)
    assert deliveries_purge() == 1
    assert WebhookDelivery.objects.get() == young


def test_one_that_fails_again_and_again_is_forgotten_too(theirs: Integration) -> None:
    broken = delivered(theirs)
    WebhookDelivery.objects.filter(pk=broken.pk).update(
        record_sealed="x", received_at=timezone.now() - timedelta(days=181)
    )
    for _ in range(2):
        inbox_drain(theirs.pk)
        broken.refresh_from_db()
        assert broken.outcome == "failed"
        assert broken.settled_at is not None
        assert broken.settled_at > timezone.now() - timedelta(hours=1), "tried again just now"
        assert deliveries_retry(theirs.pk) == 1
    assert deliveries_purge() == 0, "it waits to be tried"
    inbox_drain(theirs.pk)
    assert deliveries_purge() == 1
