"""Bringing what is due to its endpoints: at least once, and no endpoint at another's cost.

One job at a time does it for all of them. Its thread takes rows, whose lease ends by itself should
it be killed, and writes down what came of them; the calls themselves are under way in an event loop
beside it (``posting``), a few for each endpoint.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from regua.integrations.vault import VaultError
from regua.web.named import statement
from regua.web.sql import LAZILY
from regua.webhooks.choices import DeliveryStatus, DisabledReason
from regua.webhooks.models import WebhookDelivery, WebhookEndpoint
from regua.webhooks.posting import Answer, Letter, Postman
from regua.webhooks.signing import signed_headers

TASK = "webhooks.deliver"
LANES = 4
"""Messages under way to one endpoint."""
WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)
)
"""Before each further attempt; after the last one, some 28 hours in all, it is given up."""
LONGEST_WAIT = timedelta(hours=24)
DISABLE_AFTER = timedelta(days=5)
"""An endpoint that took nothing for so long is disabled."""
MANY = 50
"""So many failures in a row are proof of that, too, where many wait and none is given up."""
PATIENCE = 5
"""Failures in a row after which an endpoint is left alone between two attempts."""
LONGEST_HOLD = timedelta(minutes=10)
_LOOK = 1.0
"""Seconds after which what is due is looked for again while slow calls are under way."""


def deliver_ask() -> None:
    """Ask for a delivering job, inside or outside a transaction; one waiting is enough."""
    try:
        with transaction.atomic():
            app.configure_task(TASK, queue="webhooks", queueing_lock=TASK).defer()
    except AlreadyEnqueued:
        return


def waiting() -> bool:
    """Whether anything may leave now."""
    due = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"), due_at__lte=Now())
    open_now = Q(hold_until=None) | Q(hold_until__lte=Now())
    return WebhookEndpoint.objects.filter(open_now, Exists(due), disabled_at=None).exists()


def deliveries_drain(*, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Send what is due until nothing is; how many attempts were made.

    What is under way when it should stop is seen to its end, which the time-out bounds.
    """
    count = 0
    under_way: dict[Future[Answer], Letter] = {}
    with Postman() as postman:
        while True:
            if not should_stop():
                for letter in _claim(under_way.values()):
                    under_way[postman.send(letter)] = letter
            if not under_way:
                return count
            done, _ = wait(under_way, timeout=_LOOK, return_when=FIRST_COMPLETED)
            with transaction.atomic():
                for future in done:
                    _settle(under_way.pop(future), future.result())
            count += len(done)


def _claim(under_way: Collection[Letter]) -> Iterator[Letter]:
    busy = Counter(letter.endpoint_id for letter in under_way)
    values: dict[str, Any] = {
        "lanes": LANES,
        "endpoints": list(busy),
        "counts": list(busy.values()),
        "lease": settings.CONFIG.webhook_timeout + 15,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("webhooks", "claim", lazily=LAZILY), values)
        rows = cursor.fetchall()
    for _, pk, endpoint_id, attempts, event_id, payload, url, *sealed in rows:
        endpoint = WebhookEndpoint(pk=endpoint_id)
        body = body_of(json.loads(payload)).encode()
        letter = Letter(
            delivery_id=pk,
            endpoint_id=endpoint_id,
            attempts=attempts,
            url=url,
            headers={},
            body=body,
        )
        try:
            secrets = [endpoint.unseal(text) for text in sealed if text]
        except VaultError as error:
            with transaction.atomic():
                _settle(letter, Answer(error=f"Nada foi enviado. {error}"))
            continue
        headers = {"Content-Type": "application/json"} | signed_headers(
            event_id=event_id, timestamp=int(time.time()), body=body, secrets=secrets
        )
        yield replace(letter, headers=headers)


def body_of(payload: dict[str, Any], *, indent: int | None = None) -> str:
    """The body as it is sent and signed, the same at every attempt; ``indent`` is for people."""
    told = {name: payload[name] for name in ("type", "timestamp", "data")}
    separators = (",", ":") if indent is None else None
    return json.dumps(told, ensure_ascii=False, indent=indent, separators=separators)


def _settle(letter: Letter, answer: Answer) -> None:
    """Write down what came of an attempt; nothing where the row is not this one's any more."""
    now = timezone.now()
    endpoint = WebhookEndpoint.objects.filter(pk=letter.endpoint_id)
    gives_up = letter.attempts > len(WAITS) or answer.status == 410
    changes: dict[str, object] = {
        "http_status": answer.status,
        "error": answer.error,
        "answer": answer.text,
        "duration_ms": round(answer.seconds * 1000),
    }
    if not answer.error:
        changes |= {"status": DeliveryStatus.DELIVERED, "due_at": None, "delivered_at": now}
    elif gives_up:
        changes |= {"status": DeliveryStatus.FAILED, "due_at": None}
    else:
        changes["due_at"] = now + _wait(letter.attempts, answer)
    settled = WebhookDelivery.objects.filter(
        pk=letter.delivery_id, attempts=letter.attempts, status=DeliveryStatus.PENDING
    ).update(**changes)
    if not answer.error:
        endpoint.filter(failures__gt=0).update(failures=0, failing_since=None, hold_until=None)
    elif settled:
        _failed(endpoint.select_for_update(no_key=True).get(), answer, gives_up=gives_up, now=now)


def _wait(attempts: int, answer: Answer) -> timedelta:
    usual = WAITS[attempts - 1] * random.uniform(0.9, 1.2)  # noqa: S311 — so that they spread
    asked = timedelta(seconds=answer.retry_after or 0)
    return min(max(usual, asked), LONGEST_WAIT)


def _failed(endpoint: WebhookEndpoint, answer: Answer, *, gives_up: bool, now: datetime) -> None:
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    if endpoint.failures >= PATIENCE:
        doublings = min(endpoint.failures - PATIENCE, 10)
        endpoint.hold_until = now + min(timedelta(seconds=5) * 2**doublings, LONGEST_HOLD)
    long_since = now - endpoint.failing_since >= DISABLE_AFTER
    reason = None
    if answer.status == 410:
        reason = DisabledReason.GONE
    elif long_since and (gives_up or endpoint.failures >= MANY):
        reason = DisabledReason.FAILING
    if reason and endpoint.active:
        endpoint.disabled_at, endpoint.disabled_reason = now, reason
        endpoint.disabled_by, endpoint.noticed_at = None, None
    endpoint.save(
        update_fields=[
            "failures",
            "failing_since",
            "hold_until",
            "disabled_at",
            "disabled_reason",
            "disabled_by",
            "noticed_at",
        ]
    )
