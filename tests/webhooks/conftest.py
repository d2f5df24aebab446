from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from regua.accounts.models import User
from regua.organization.models import Branch
from regua.webhooks.choices import EventType
from regua.webhooks.delivering import deliveries_drain
from regua.webhooks.harvest import harvest
from regua.webhooks.models import WebhookDelivery, WebhookEndpoint
from regua.webhooks.services import endpoint_create
from tests.webhooks.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def private(settings: Any) -> None:
    """Subscribers on this machine are allowed; they have long enough on a busy machine."""
    allowed = {"allow_private_webhooks": True, "webhook_timeout": 20.0}
    settings.CONFIG = settings.CONFIG.model_copy(update=allowed)


@pytest.fixture
def subscribe(private: None, administrator: User) -> Callable[..., WebhookEndpoint]:
    """One more endpoint, of everything unless it is said otherwise, told from now on."""

    def one(url: str, branch: Branch | None = None, events: Any = EventType) -> WebhookEndpoint:
        harvest()
        return endpoint_create(
            actor=administrator, name="ERP", url=url, branch=branch, events=list(events)
        )

    return one


@pytest.fixture
def endpoint(subscribe: Callable[..., WebhookEndpoint], receiver: Receiver) -> WebhookEndpoint:
    return subscribe(receiver.url)


def secret_of(endpoint: WebhookEndpoint) -> str:
    endpoint.refresh_from_db()
    return endpoint.unseal(endpoint.secret_sealed)


def drain_now() -> int:
    """Deliver what waits, as if its time had come."""
    WebhookDelivery.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
    WebhookEndpoint.objects.update(hold_until=None)
    return deliveries_drain()


def told(type_: str) -> list[dict[str, Any]]:
    """The data of every event of a type written down, in order."""
    rows = WebhookDelivery.objects.filter(type=type_, replays=None).order_by("pk")
    return [row.payload["data"] for row in rows]
