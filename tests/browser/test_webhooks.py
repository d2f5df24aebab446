"""An administrator subscribes an address, copies its secret and sees a test arrive."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from regua.accounts.permissions import Role
from regua.organization.models import Branch
from regua.webhooks.models import WebhookEndpoint
from tests import factories
from tests.browser.conftest import PASSWORD, Visitor
from tests.processes.running import forget_workers, running_web, running_worker
from tests.webhooks.receiver import receiving


@pytest.fixture
def site(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """As everywhere, but that a subscriber may stand on this machine."""
    monkeypatch.setenv("REGUA_ALLOW_PRIVATE_WEBHOOKS", "true")
    forget_workers()
    with running_worker(), running_web() as (_, url):
        yield url


def test_a_webhook_is_created_and_tested(branch: Branch, visitor: Visitor) -> None:
    factories.user(Role.ADMINISTRATOR, name="Alice", email="alice@exemplo.test", password=PASSWORD)
    page = visitor.page
    with receiving() as receiver:
        receiver.answers = [(500, {})]
        visitor.sign_in("alice@exemplo.test")
        visitor.go(reverse("webhook_list"))
        page.get_by_role("link", name="Criar webhook").click()
        page.get_by_label("Nome").fill("ERP")
        page.get_by_label("Endereço (URL)").fill(receiver.url)
        page.get_by_role("button", name="Salvar").click()
        expect(page.get_by_text("Marque ao menos um acontecimento.").first).to_be_visible()
        page.get_by_label("Negativação mudou de situação").check()
        page.get_by_role("button", name="Salvar").click()
        secret = page.get_by_label("Segredo")
        expect(secret).to_have_value(re.compile("^whsec_"))
        told = secret.input_value()
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copiar").click()
        expect(page.get_by_text("Copiado.")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == told
        visitor.shoot("90-webhook-segredo")
        page.get_by_role("link", name="Já guardei").click()
        page.get_by_role("button", name="Enviar um teste").click()
        # It fails once and is tried again in some seconds; the page follows by itself.
        state = page.locator("#delivery-state")
        expect(state).to_contain_text("Entregue", timeout=45_000)
        expect(state).to_contain_text("HTTP 204")
        visitor.shoot("91-webhook-entrega")
        page.get_by_role("link", name="Todas as entregas").click()
        expect(page.get_by_role("heading", name="Entregas")).to_be_visible()
        visitor.shoot("92-webhook")
        visitor.go(reverse("webhook_list"))
        expect(page.get_by_role("link", name="ERP")).to_be_visible()
        visitor.shoot("93-webhooks")
        assert len(receiver.taken) == 2
        assert all(taken.signed_with(told) for taken in receiver.taken)
    assert WebhookEndpoint.objects.get().events == ["restriction.changed"]
