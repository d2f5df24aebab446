"""A correction and a contest as a person does them."""

from __future__ import annotations

import re
from decimal import Decimal

from playwright.sync_api import expect

from regua.accounts.models import User
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.receivables.models import Impediment
from regua.receivables.services import payment_record
from regua.restrictions.models import Restriction
from regua.restrictions.services import restriction_request
from tests import factories
from tests.browser.conftest import Visitor
from tests.sandbox.server import Sandbox


def test_corrected_after_a_partial_payment_then_contested(
    integration: Integration, branch: Branch, analyst: User, sandbox: Sandbox, visitor: Visitor
) -> None:
    debt = factories.receivable(factories.customer(branch), amount=Decimal("149.90"))
    old = restriction_request(receivable=debt, actor=analyst)
    page = visitor.page
    visitor.sign_in(analyst.email)
    visitor.go(f"/negativacoes/{old.pk}/")
    badge = page.locator("#restriction-badge")
    expect(badge).to_have_text(re.compile("Ativa"))

    # A part is paid; the page says what is wrong at the bureau, and mends it in two clicks.
    payment_record(receivable=debt, actor=analyst, amount=Decimal("100.00"), paid_on=debt.due_date)
    button = page.get_by_role("link", name="Corrigir valor (baixar e negativar de novo)")
    expect(button).to_be_visible()
    visitor.shoot("midlife-01-valor-mudou")
    button.click()
    expect(page.locator("body")).to_contain_text("código 07")
    visitor.shoot("midlife-02-corrigir")
    page.get_by_role("button", name="Baixar e negativar de novo").click()
    new = Restriction.objects.get(replaces=old)
    expect(page.get_by_role("heading", name=f"Negativação nº {new.pk}")).to_be_visible()
    expect(badge).to_have_text(re.compile("Ativa"))
    expect(page.locator("#restriction-standing")).to_contain_text(f"Correção da nº {old.pk}")
    expect(page.locator("#restriction-facts")).to_contain_text("49,90")
    visitor.shoot("midlife-03-corrigida")
    assert {(line["situacao"], line["valor"]) for line in sandbox.ledger()} == {
        ("BAIXADA", "149.90"),
        ("ATIVA", "49.90"),
    }

    # The customer contests what is left, and is right.
    page.locator("#what-changed > summary").click()
    visitor.shoot("midlife-04-menu")
    page.get_by_role("link", name="O cliente contesta a dívida").click()
    page.get_by_label("O que foi dito").fill("Diz que o serviço foi cancelado em março.")
    visitor.shoot("midlife-05-contestar")
    page.get_by_role("button", name="Abrir contestação").click()
    expect(page.get_by_role("heading", name="Decidir")).to_be_visible()
    visitor.shoot("midlife-06-decidir")
    page.get_by_role("radio", name=re.compile("Procedente:")).check()
    page.get_by_label("Por quê").fill("O cancelamento está no sistema.")
    page.get_by_role("button", name="Anotar a decisão").click()
    expect(badge).to_have_text(re.compile("Baixada"))
    expect(page.locator("#restriction-impediments")).to_contain_text("Procedente")
    visitor.shoot("midlife-07-baixada")
    assert Impediment.objects.get().outcome == "upheld"
    assert [line["situacao"] for line in sandbox.ledger()] == ["BAIXADA", "BAIXADA"]
