"""A manager simulates, looks why not, takes a step out, approves, and watches it to its end."""

from __future__ import annotations

import re
from decimal import Decimal

from playwright.sync_api import expect

from regua.accounts.permissions import Role
from regua.dunning.defaults import default_policy_create
from regua.integrations.models import Integration
from regua.organization.models import Branch
from tests import factories
from tests.browser.conftest import PASSWORD, Visitor
from tests.dunning.conftest import ADDRESS
from tests.processes.running import eventually
from tests.sandbox.server import Sandbox


def test_simulate_approve_watch_and_see_what_came_of_it(
    integration: Integration, branch: Branch, sandbox: Sandbox, visitor: Visitor
) -> None:
    Branch.objects.filter(pk=branch.pk).update(**ADDRESS)
    Integration.objects.update(automatic=True, listing_price=Decimal("4.90"))
    default_policy_create().steps.update(required=False)
    factories.user(
        Role.FINANCE_MANAGER, branch, name="Gil", email="gil@exemplo.test", password=PASSWORD
    )
    for name in ("Ana Devedora", "Beto Devedor"):
        factories.receivable(factories.customer(branch, name=name), days_overdue=120)
    factories.receivable(factories.customer(branch, name="Caio Novo"), days_overdue=25)
    factories.receivable(
        factories.customer(branch, name="Dora Fora", dunned=False), days_overdue=120
    )
    page = visitor.page
    visitor.sign_in("gil@exemplo.test")

    visitor.go("/cobranca/execucoes/")
    expect(page.get_by_text("Nenhuma execução ainda")).to_be_visible()
    visitor.shoot("80-execucoes-vazia")
    page.get_by_role("button", name="Simular").click()
    expect(page.get_by_role("heading", name="Por que os outros ficaram de fora")).to_be_visible()
    bar = page.locator("form.action-bar")
    expect(bar).to_contain_text("Negativar 2 títulos · R$\xa0259,80 · custo R$\xa09,80")
    visitor.shoot("81-simulacao")
    address = page.url

    page.get_by_role("link", name="O cliente está com Considera na cobrança").click()
    expect(page.get_by_role("link", name="Dora Fora")).to_be_visible()
    expect(page.get_by_role("link", name="Ana Devedora")).to_have_count(0)
    visitor.shoot("82-retidos")

    page.goto(address)
    page.get_by_role("button", name="Deixar de fora: Suspensão e rescisão").click()
    expect(bar).to_contain_text("1 de fora")
    page.get_by_label(re.compile("Marcar o título .*Ana Devedora")).check()
    page.get_by_role("button", name="Deixar de fora", exact=True).click()
    expect(bar).to_contain_text("Negativar 1 título")
    page.get_by_label(re.compile("Marcar o título .*Ana Devedora")).check()
    page.get_by_role("button", name="Pôr de volta", exact=True).click()
    expect(bar).to_contain_text("Negativar 2 títulos")

    page.get_by_role("button", name="Aprovar e executar").click()
    expect(page.get_by_text("A execução negativa 2 títulos.")).to_be_visible()
    visitor.shoot("83-aprovar")
    page.get_by_role("button", name="Executar 2 passos").click()
    expect(page.locator(".stat", has_text="Negativações pedidas")).to_contain_text("259,80")
    expect(page.locator(".page-header")).to_contain_text("Concluída")
    visitor.shoot("84-resultado")
    eventually(lambda: len(sandbox.ledger()) == 2)

    visitor.go("/cobranca/regua/")
    expect(page.get_by_role("heading", name="Como estes números são contados")).to_be_visible()
    visitor.shoot("85-regua")
