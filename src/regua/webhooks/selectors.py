"""Reading subscribers and what they were told. Only who manages webhooks sees them."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, F, OuterRef, QuerySet

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.webhooks.choices import DeliveryStatus, DisabledReason
from regua.webhooks.models import WebhookDelivery, WebhookEndpoint


def endpoints_visible(actor: User) -> QuerySet[WebhookEndpoint]:
    """Those of the person's branches; one of every branch is seen by who sees every branch."""
    return visible(
        WebhookEndpoint.objects.all(), actor=actor, permission=Permission.MANAGE_WEBHOOKS
    )


def endpoints_listed(actor: User) -> QuerySet[WebhookEndpoint]:
    """The active ones first."""
    rows = endpoints_visible(actor).select_related("branch")
    return rows.order_by(F("disabled_at").desc(nulls_first=True), "name", "pk")


def stopped_count(actor: User) -> int:
    """How many endpoints were disabled by themselves and wait for somebody."""
    stopped = (DisabledReason.GONE, DisabledReason.FAILING)
    return endpoints_visible(actor).filter(disabled_reason__in=stopped).count()


def failed_since(endpoint: WebhookEndpoint, since: datetime) -> QuerySet[WebhookDelivery]:
    """What was given up since then and has not been delivered, or queued, again."""
    later = WebhookDelivery.objects.filter(
        endpoint=endpoint, event_id=OuterRef("event_id"), pk__gt=OuterRef("pk")
    )
    return endpoint.deliveries.filter(
        ~Exists(later), status=DeliveryStatus.FAILED, created_at__gte=since
    )
