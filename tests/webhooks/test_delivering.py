"""What leaves arrives, signed; what does not is tried again, and one day given up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from regua.accounts.models import User
from regua.organization.models import Branch
from regua.webhooks.choices import DeliveryStatus, DisabledReason
from regua.webhooks.delivering import DISABLE_AFTER, LANES, WAITS, deliveries_drain, waiting
from regua.webhooks.models import WebhookDelivery, WebhookEndpoint
from regua.webhooks.notices import notices_send
from regua.webhooks.services import (
    KEPT,
    MOST,
    deliveries_forget,
    delivery_replay,
    endpoint_disable,
    endpoint_enable,
    endpoint_test,
    failed_replay,
    secret_rotate,
    secrets_forget,
)
from tests.dunning.mailbox import open_mailbox
from tests.webhooks.conftest import drain_now, secret_of
from tests.webhooks.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db


def queued(endpoint: WebhookEndpoint, count: int = 1, prefix: str = "aviso") -> list[str]:
    ids = [f"{prefix}_{number}" for number in range(count)]
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(
            endpoint=endpoint,
            event_id=event_id,
            type="restriction.changed",
            payload={"type": "restriction.changed", "timestamp": "x", "data": {"ação": event_id}},
        )
        for event_id in ids
    )
    return ids


def only(endpoint: WebhookEndpoint) -> WebhookDelivery:
    return WebhookDelivery.objects.get(endpoint=endpoint)


def test_a_test_event_arrives_signed(
    endpoint: WebhookEndpoint, receiver: Receiver, administrator: User
) -> None:
    delivery = endpoint_test(endpoint=endpoint, actor=administrator)
    assert deliveries_drain() == 1
    [taken] = receiver.taken
    assert taken.id == delivery.event_id
    assert taken.signed_with(secret_of(endpoint))
    assert not taken.signed_with("whsec_" + "A" * 44)
    assert set(taken.body) == {"type", "timestamp", "data"}
    assert taken.body["type"] == "webhook.test"
    assert abs(int(taken.timestamp) - timezone.now().timestamp()) < 60
    delivery.refresh_from_db()
    assert (delivery.status, delivery.http_status, delivery.due_at) == ("delivered", 204, None)
    assert deliveries_drain() == 0


def test_what_was_not_taken_comes_again_the_same(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    queued(endpoint)
    receiver.answers = [(500, {}), (429, {"Retry-After": "7200"})]
    deliveries_drain()
    row = only(endpoint)
    assert (row.status, row.attempts, row.http_status) == ("pending", 1, 500)
    assert row.error == "O destino respondeu com o código 500."
    assert row.answer == "resposta do destino"
    assert row.due_at is not None
    assert timedelta(0) < row.due_at - timezone.now() < timedelta(seconds=7)
    assert deliveries_drain() == 0, "its time has not come"
    drain_now()
    row = only(endpoint)
    assert row.due_at is not None
    assert row.due_at - timezone.now() > timedelta(minutes=119), "it asked for two hours"
    drain_now()
    row = only(endpoint)
    assert (row.status, row.attempts, row.error) == ("delivered", 3, "")
    assert len({(taken.id, taken.raw) for taken in receiver.taken}) == 1
    assert all(taken.signed_with(secret_of(endpoint)) for taken in receiver.taken)
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.failing_since) == (0, None)


def test_it_is_given_up_after_a_day_and_sent_again_by_a_person(
    endpoint: WebhookEndpoint, receiver: Receiver, administrator: User
) -> None:
    assert timedelta(hours=24) < sum(WAITS, timedelta()) < timedelta(hours=36)
    queued(endpoint)
    receiver.answers = [(503, {})] * (len(WAITS) + 1)
    for _ in WAITS:
        drain_now()
        assert only(endpoint).status == DeliveryStatus.PENDING
    drain_now()
    given_up = only(endpoint)
    assert (given_up.status, given_up.due_at) == ("failed", None)
    endpoint.refresh_from_db()
    assert endpoint.active, "one day is not days"
    assert endpoint.hold_until is not None

    fresh = delivery_replay(delivery=given_up, actor=administrator)
    with pytest.raises(ValidationError, match="ainda está na fila"):
        delivery_replay(delivery=fresh, actor=administrator)
    drain_now()
    fresh.refresh_from_db()
    given_up.refresh_from_db()
    assert (fresh.status, fresh.replays_id, fresh.asked_by) == (
        "delivered",
        given_up.pk,
        administrator,
    )
    assert given_up.status == "failed", "the log is only added to"
    assert set(receiver.ids) == {given_up.event_id}


def test_all_that_failed_since_a_day_is_sent_again_once(
    endpoint: WebhookEndpoint, receiver: Receiver, administrator: User
) -> None:
    ids = queued(endpoint, 5)
    WebhookDelivery.objects.exclude(event_id=ids[4]).update(status="failed", due_at=None)
    WebhookDelivery.objects.filter(event_id=ids[0]).update(
        created_at=timezone.now() - timedelta(days=3)
    )
    since = timezone.now() - timedelta(days=1)
    assert failed_replay(endpoint=endpoint, actor=administrator, since=since) == 3
    assert failed_replay(endpoint=endpoint, actor=administrator, since=since) == 0
    drain_now()
    assert sorted(receiver.ids) == ids[1:]


def test_gone_is_disabled_at_once_and_the_administrators_are_told_once(
    endpoint: WebhookEndpoint, receiver: Receiver, administrator: User, manager: User
) -> None:
    queued(endpoint, 3)
    receiver.answers = [(410, {})] * 3
    deliveries_drain()
    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == DisabledReason.GONE
    assert endpoint.stopped
    assert not waiting()
    assert notices_send() == 0, "nobody to send through"
    with open_mailbox() as box:
        assert notices_send() == 1
        assert notices_send() == 0
    [mail] = box.taken
    assert mail["To"] == administrator.email
    assert "ERP" in mail["Subject"]
    assert "código 410" in mail.get_content()

    queued(endpoint, prefix="espera")
    assert deliveries_drain() == 0
    endpoint_enable(endpoint=endpoint, actor=administrator)
    assert deliveries_drain() == 1
    assert receiver.ids[-1] == "espera_0"


def test_days_of_failure_disable_and_a_single_bad_one_does_not(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    queued(endpoint, 2)
    WebhookDelivery.objects.filter(event_id="aviso_0").update(attempts=len(WAITS))
    WebhookEndpoint.objects.update(
        failures=8, failing_since=timezone.now() - DISABLE_AFTER - timedelta(hours=1)
    )
    receiver.answers = [(500, {})]
    WebhookDelivery.objects.filter(event_id="aviso_0").update(
        due_at=timezone.now() - timedelta(hours=1)
    )
    deliveries_drain()
    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == DisabledReason.FAILING

    WebhookEndpoint.objects.update(
        disabled_at=None, disabled_reason="", hold_until=None, failures=8
    )
    deliveries_drain()  # the other one is taken
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.failing_since) == (0, None)
    queued(endpoint, prefix="ruim")
    WebhookDelivery.objects.filter(event_id="ruim_0").update(attempts=len(WAITS))
    receiver.answers = [(500, {})]
    drain_now()
    endpoint.refresh_from_db()
    assert endpoint.active


def test_after_a_rotation_both_secrets_sign_for_a_day(
    endpoint: WebhookEndpoint, receiver: Receiver, administrator: User
) -> None:
    old = secret_of(endpoint)
    secret_rotate(endpoint=endpoint, actor=administrator)
    new = secret_of(endpoint)
    assert new != old
    assert new not in endpoint.secret_sealed
    queued(endpoint)
    deliveries_drain()
    assert receiver.taken[0].signed_with(old)
    assert receiver.taken[0].signed_with(new)
    WebhookEndpoint.objects.update(previous_until=timezone.now() - timedelta(seconds=1))
    queued(endpoint, prefix="depois")
    deliveries_drain()
    assert receiver.taken[1].signed_with(new)
    assert len(receiver.taken[1].signatures) == 1
    secrets_forget()
    endpoint.refresh_from_db()
    assert endpoint.previous_sealed == ""


def test_a_slow_endpoint_holds_up_nobody_and_gets_few_at_once(
    subscribe: Callable[..., WebhookEndpoint], receiver: Receiver
) -> None:
    with receiving() as quick:
        slow_endpoint, quick_endpoint = subscribe(receiver.url), subscribe(quick.url)
        queued(slow_endpoint, 3 * LANES)
        ids = queued(quick_endpoint, 5 * LANES)
        all_came = threading.Event()
        in_time: list[bool] = []

        def count() -> None:
            if len(set(quick.ids)) == len(ids):
                all_came.set()

        quick.before_answer = count
        # It answers only when everything has come to the other one.
        receiver.before_answer = lambda: in_time.append(all_came.wait(15))
        deliveries_drain()
    assert all(in_time)
    assert sorted(quick.ids) == sorted(ids)
    assert WebhookDelivery.objects.filter(status="delivered").count() == 8 * LANES
    assert max(receiver.most_at_once, quick.most_at_once) <= LANES


def test_one_that_fails_is_not_stormed(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    queued(endpoint, 100)
    receiver.answers = [(500, {})] * 100
    deliveries_drain()
    assert len(receiver.taken) <= 2 * LANES
    endpoint.refresh_from_db()
    assert endpoint.hold_until is not None
    assert not waiting()


def test_a_disabled_one_keeps_what_waits(
    endpoint: WebhookEndpoint, receiver: Receiver, administrator: User
) -> None:
    queued(endpoint)
    endpoint_disable(endpoint=endpoint, actor=administrator)
    with pytest.raises(ValidationError, match="desativado"):
        endpoint_test(endpoint=endpoint, actor=administrator)
    assert deliveries_drain() == 0
    endpoint_enable(endpoint=endpoint, actor=administrator)
    assert deliveries_drain() == 1


def test_there_are_only_so_many_active_ones(
    subscribe: Callable[..., WebhookEndpoint], administrator: User
) -> None:
    rows = [subscribe("http://127.0.0.1:9/avisos") for _ in range(MOST)]
    with pytest.raises(ValidationError, match="o máximo"):
        subscribe("http://127.0.0.1:9/avisos")
    endpoint_disable(endpoint=rows[0], actor=administrator)
    subscribe("http://127.0.0.1:9/avisos")
    with pytest.raises(ValidationError, match="o máximo"):
        endpoint_enable(endpoint=rows[0], actor=administrator)


def test_the_log_is_kept_for_a_month(endpoint: WebhookEndpoint, branch: Branch) -> None:
    queued(endpoint, 3)
    WebhookDelivery.objects.exclude(event_id="aviso_2").update(
        created_at=timezone.now() - KEPT - timedelta(minutes=1)
    )
    assert deliveries_forget()
    assert not deliveries_forget()
    assert only(endpoint).event_id == "aviso_2"
