"""A real worker between the database and a subscriber, and its sudden death."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection
from django.utils import timezone

from regua.accounts.models import User
from regua.organization.models import Branch
from regua.restrictions.services import restriction_request
from regua.webhooks.delivering import LANES
from regua.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests import factories
from tests.processes.running import eventually, forget_workers, running_worker
from tests.restrictions import bare
from tests.webhooks.conftest import secret_of
from tests.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)
EVENTS = 10
SETTINGS = {"REGUA_ALLOW_PRIVATE_WEBHOOKS": "true", "REGUA_WEBHOOK_TIMEOUT": "30"}


def test_a_killed_worker_doubles_only_what_was_under_way(
    subscribe: Callable[..., WebhookEndpoint], receiver: Receiver, branch: Branch, operator: User
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
    forget_workers()
    bare.integration(branch)
    endpoint = subscribe(receiver.url, None, ["restriction.changed"])
    asked = [
        restriction_request(
            receivable=factories.receivable(factories.customer(branch)), actor=operator
        )
        for _ in range(EVENTS)
    ]
    killed = threading.Event()
    receiver.before_answer = lambda: killed.wait(60) and None
    with running_worker(**SETTINGS) as worker:
        eventually(lambda: len(receiver.taken) == LANES, 40)
        worker.kill()
    under_way = set(receiver.ids)
    killed.set()
    receiver.before_answer = lambda: None
    # Its lease would end by itself.
    WebhookDelivery.objects.filter(status="pending").update(due_at=timezone.now())
    with running_worker(**SETTINGS):
        eventually(lambda: not WebhookDelivery.objects.filter(status="pending").exists(), 60)
    assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {"delivered"}
    told = {taken.body["data"]["restriction"] for taken in receiver.taken}
    assert told >= {row.pk for row in asked}
    twice = {event_id for event_id, count in Counter(receiver.ids).items() if count > 1}
    assert twice == under_way
    assert all(taken.signed_with(secret_of(endpoint)) for taken in receiver.taken)
