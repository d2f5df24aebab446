"""What goes wrong is said in a sentence on the screen, and nothing is half-written."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from regua.accounts.models import User
from regua.inquiries.models import Inquiry
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.restrictions.models import Restriction
from tests import factories
from tests.browser.conftest import Visitor
from tests.sandbox.server import Sandbox


@pytest.fixture(params=["desktop"])
def viewport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_what_goes_wrong_is_said(
    integration: Integration, branch: Branch, analyst: User, sandbox: Sandbox, visitor: Visitor
) -> None:
    page = visitor.page
    customer = factories.customer(branch)
    debt = factories.receivable(customer)
    visitor.sign_in(analyst.email)

    # A document that cannot be.
    visitor.go("/consultas/")
    page.get_by_label("CPF ou CNPJ").first.fill("123.456.789-00")
    page.locator("#ask-button").click()
    expect(page.locator(".error-summary")).to_contain_text("verificadores")
    assert not Inquiry.objects.exists()

    # Wrong credentials: the question ends with what to do, nothing charged.
    integration.seal("client_secret", "errado")
    integration.token_sealed = ""
    integration.save()
    visitor.go(f"/clientes/{customer.pk}/consultar/")
    page.get_by_role("button", name=re.compile(r"Consultar · R\$")).click()
    expect(page.locator("#inquiry")).to_contain_text("Client Secret")
    visitor.shoot("20-credenciais-erradas")
    assert sandbox.charges() == []

    # The bureau is down: the listing waits, says so, and leaves by itself when it is back.
    Integration.objects.update(base_url="http://127.0.0.1:9")
    visitor.go(f"/clientes/{customer.pk}/negativar/?titulo={debt.pk}&etapa=revisao")
    page.get_by_role("button", name="Negativar", exact=True).click()
    standing = page.locator("#restriction-standing")
    expect(standing).to_contain_text("Nada foi enviado")
    visitor.shoot("21-biro-fora-do-ar")
    integration.refresh_from_db()
    integration.seal("client_secret", sandbox.client_secret)
    integration.base_url = sandbox.url
    integration.save()
    expect(page.locator("#restriction-badge")).to_have_text(re.compile("Ativa"))
    assert len(sandbox.ledger()) == 1

    # The same debt again leads to the listing that there is.
    visitor.go(f"/clientes/{customer.pk}/negativar/?titulo={debt.pk}")
    expect(page.locator("body")).to_contain_text("já tem a negativação nº")
    assert Restriction.objects.count() == 1

    # What the profile does not allow is not offered, and refused when forced.
    visitor.go("/configuracoes/integracoes/analise-de-credito/nova/")
    expect(page.locator("body")).to_contain_text("não permite")
