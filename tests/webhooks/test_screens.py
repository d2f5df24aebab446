"""The screens: for administrators only, the secret shown once, bad input refused kindly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.organization.models import Branch
from regua.webhooks.delivering import deliveries_drain
from regua.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests import factories
from tests.dunning.pages import at, said, signed_in
from tests.webhooks.conftest import secret_of
from tests.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db


def test_only_administrators_come_in(
    endpoint: WebhookEndpoint, manager: User, operator: User, attendant: User, client: Client
) -> None:
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint,
        event_id="a",
        type="webhook.test",
        payload={"type": "webhook.test", "timestamp": "", "data": {}},
    )
    pages = [
        at("webhook_list"),
        at("webhook_new"),
        at("webhook_detail", endpoint.pk),
        at("webhook_edit", endpoint.pk),
        at("webhook_secret", endpoint.pk),
        at("webhook_delivery", endpoint.pk, delivery.pk),
    ]
    posts = [
        at(f"webhook_{name}", endpoint.pk)
        for name in ("rotate", "test", "disable", "enable", "replay_failed")
    ] + [at("webhook_replay", endpoint.pk, delivery.pk), at("webhook_new")]
    sealed = endpoint.secret_sealed
    for person in (manager, operator, attendant, factories.user(Role.AUDIT)):
        client = signed_in(person)
        assert {client.get(page).status_code for page in pages} == {403}
        assert {client.post(page).status_code for page in posts} == {403}
    endpoint.refresh_from_db()
    assert (endpoint.secret_sealed, endpoint.active) == (sealed, True)
    assert WebhookDelivery.objects.count() == 1
    assert Client().get(pages[0]).status_code == 302


def test_an_administrator_of_a_branch_sees_its_own(
    branch: Branch, other_branch: Branch, subscribe: Callable[..., WebhookEndpoint]
) -> None:
    here, elsewhere, everywhere = (
        subscribe("http://127.0.0.1:9/a", where) for where in (branch, other_branch, None)
    )
    person = factories.user(Role.ADMINISTRATOR, branch)
    client = signed_in(person)
    assert client.get(at("webhook_detail", here.pk)).status_code == 200
    for row in (elsewhere, everywhere):
        assert client.get(at("webhook_detail", row.pk)).status_code == 404
        assert client.post(at("webhook_disable", row.pk)).status_code == 404
    values = {"name": "X", "url": "http://127.0.0.1:9/a", "events": ["inquiry.completed"]}
    assert client.post(at("webhook_new"), values).status_code == 200, "it needs a branch"
    assert client.post(at("webhook_new"), values | {"branch": branch.pk}).status_code == 302
    assert WebhookEndpoint.objects.filter(branch=branch).count() == 2


def test_a_secret_is_shown_once(administrator: User, private: None, branch: Branch) -> None:
    client = signed_in(administrator)
    answer = client.post(
        reverse("webhook_new"),
        {
            "name": "ERP",
            "url": "http://127.0.0.1:9/avisos",
            "branch": "",
            "events": ["inquiry.completed", "restriction.changed"],
        },
    )
    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.events == ["inquiry.completed", "restriction.changed"]
    page = at("webhook_secret", endpoint.pk)
    assert answer.headers["Location"] == page
    secret = secret_of(endpoint)
    first, second = client.get(page), client.get(page)
    assert secret in first.content.decode().replace("&#x2B;", "+")
    assert "no-store" in first.headers["Cache-Control"]
    assert secret not in second.content.decode()
    assert "já foi mostrado" in second.content.decode()
    client.post(at("webhook_rotate", endpoint.pk))
    assert secret_of(endpoint) in client.get(page).content.decode()
    assert secret not in client.get(at("webhook_detail", endpoint.pk)).content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://10.0.0.1/a"},
        {"url": ""},
        {"url": "https://" + "a" * 400},
        {"name": ""},
        {"name": "a\0b"},
        {"events": []},
        {"events": ["cpf.roubado"]},
        {"branch": "9" * 30},
        {"branch": "x"},
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_written(
    wrong: dict[str, Any], administrator: User, private: None
) -> None:
    values = {"name": "ERP", "url": "http://127.0.0.1:9/a", "events": ["inquiry.completed"]}
    answer = signed_in(administrator).post(reverse("webhook_new"), values | wrong)
    assert answer.status_code == 200
    assert "Nada foi gravado" in answer.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_a_test_a_failure_and_a_replay_on_screen(
    endpoint: WebhookEndpoint, receiver: Receiver, administrator: User
) -> None:
    client = signed_in(administrator)
    receiver.answers = [(410, {})]
    answer = client.post(at("webhook_test", endpoint.pk))
    delivery = WebhookDelivery.objects.get()
    page = at("webhook_delivery", endpoint.pk, delivery.pk)
    assert answer.headers["Location"] == page
    assert "every 2s" in client.get(page).content.decode()
    deliveries_drain()
    fragment = client.get(page, headers={"HX-Request": "true"}).content.decode()
    assert "every 2s" not in fragment
    assert "HTTP 410" in fragment
    assert "<main" not in fragment
    text = said(administrator, at("webhook_detail", endpoint.pk))
    assert "A Régua desativou este webhook" in text
    assert "Não entregue" in text
    assert "Parou" in said(administrator, at("webhook_list"))
    client.post(at("webhook_replay", endpoint.pk, delivery.pk))
    assert WebhookDelivery.objects.count() == 1, "it is disabled"
    client.post(at("webhook_enable", endpoint.pk))
    client.post(at("webhook_replay_failed", endpoint.pk), {"desde": "ontem"})
    assert WebhookDelivery.objects.count() == 1
    today = f"{timezone.localdate():%d/%m/%Y}"
    client.post(at("webhook_replay_failed", endpoint.pk), {"desde": today})
    deliveries_drain()
    assert [taken.id for taken in receiver.taken] == [delivery.event_id] * 2
    log = said(administrator, at("webhook_detail", endpoint.pk) + "?situacao=entregue")
    assert "reenvio" in log
    for query in ("?de=x&tipo=y", "?de=01/01/2026&ate=01/01/2025", "?cursor=xx", "?situacao=9"):
        assert client.get(at("webhook_detail", endpoint.pk) + query).status_code == 200


def test_it_is_changed_and_stopped_by_a_person(
    endpoint: WebhookEndpoint, administrator: User, branch: Branch
) -> None:
    client = signed_in(administrator)
    values = {
        "name": "Painel",
        "url": "http://127.0.0.1:9/b",
        "branch": branch.pk,
        "events": ["dunning.run_finished"],
    }
    assert client.post(at("webhook_edit", endpoint.pk), values).status_code == 302
    client.post(at("webhook_disable", endpoint.pk))
    endpoint.refresh_from_db()
    assert (endpoint.name, endpoint.branch, endpoint.events) == (
        "Painel",
        branch,
        ["dunning.run_finished"],
    )
    assert (endpoint.disabled_reason, endpoint.disabled_by) == ("person", administrator)
    assert "Desativado" in said(administrator, at("webhook_list"))
