"""The main job as the collections analyst does it, from sign-in to the removed listing."""

from __future__ import annotations

import re
from decimal import Decimal

from playwright.sync_api import expect

from regua.accounts.models import User
from regua.inquiries.models import Inquiry
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.restrictions.models import Restriction
from tests import factories
from tests.browser.conftest import Visitor
from tests.sandbox.server import Sandbox


def test_query_list_pay_remove(
    integration: Integration, branch: Branch, analyst: User, sandbox: Sandbox, visitor: Visitor
) -> None:
    customer = factories.customer(
        branch,
        name="João Exemplo Ferreira",
        document=factories.cpf_behaving("002"),
        complement="",
        mobile="",
    )
    debt = factories.receivable(customer, days_overdue=45, amount=Decimal("149.90"))
    page = visitor.page
    visitor.sign_in(analyst.email)
    visitor.shoot("01-painel")

    # Find the customer by a part of the name, without accents.
    visitor.go("/clientes/?q=joao+ferr")
    page.get_by_role("link", name=customer.name, exact=True).click()
    expect(page.get_by_role("heading", name=customer.name)).to_be_visible()
    expect(page.locator("body")).not_to_contain_text(customer.document)
    visitor.shoot("02-cliente")

    # Query.
    page.get_by_role("link", name="Consultar análise de crédito").first.click()
    visitor.shoot("03-consultar")
    page.get_by_role("button", name=re.compile(r"Consultar · R\$")).click()
    expect(page.get_by_role("heading", name="Identificação")).to_be_visible()
    inquiry = Inquiry.objects.get()
    expect(page.locator("#inquiry")).to_contain_text(str(inquiry.score))
    visitor.shoot("04-consulta")

    # List; what is missing in the record is asked for at once and saved.
    visitor.go(f"/clientes/{customer.pk}/")
    page.get_by_role("link", name="Negativar", exact=True).click()
    expect(page.get_by_role("checkbox", name=re.compile("Escolher o título"))).to_be_checked()
    page.get_by_role("button", name="Continuar").click()
    page.get_by_label("Complemento").fill("Casa")
    page.get_by_label("Telefone celular").fill("(11) 98765-4321")
    visitor.shoot("05-negativar-dados")
    page.get_by_role("button", name="Salvar e continuar").click()
    expect(page.get_by_role("heading", name="A lei permite negativar")).to_be_visible()
    customer.refresh_from_db()
    assert (customer.complement, customer.mobile) == ("Casa", "11987654321")
    assert not Restriction.objects.exists()
    page.get_by_role("link", name="Continuar").click()
    expect(page.get_by_role("heading", name="O valor, item por item")).to_be_visible()
    visitor.shoot("06-negativar-confirmar")
    page.get_by_role("button", name="Negativar", exact=True).dblclick()

    # It follows the bureau by itself: no reload from here to the badge.
    badge = page.locator("#restriction-badge")
    expect(badge).to_have_text(re.compile("Ativa"))
    expect(page.locator("#restriction-history")).to_contain_text("visível no birô")
    restriction = Restriction.objects.get()
    visitor.shoot("07-negativacao-ativa")

    # Pay: the listing stays, and the page says what to do.
    visitor.go(f"/clientes/{customer.pk}/titulos/")
    page.get_by_role("link", name=re.compile("Registrar pagamento")).first.click()
    visitor.shoot("08-pagamento")
    page.get_by_role("button", name="Registrar pagamento").click()
    debt.refresh_from_db()
    assert debt.status == "received"
    visitor.go("/negativacoes/pagos/")
    expect(page.get_by_role("link", name=customer.name)).to_be_visible()
    visitor.shoot("09-pagos-e-ainda-negativados")

    # Remove.
    page.get_by_role("link", name=customer.name, exact=True).click()
    expect(badge).to_have_text(re.compile("Ativa"))
    page.locator("#hint-removal").click()
    visitor.shoot("10-baixa")
    page.get_by_label("Pagamento da dívida").check()
    page.get_by_role("button", name="Pedir baixa").click()
    expect(badge).to_have_text(re.compile("Baixada"))
    visitor.shoot("11-negativacao-baixada")

    [line] = sandbox.ledger()
    restriction.refresh_from_db()
    assert (line["protocolo"], line["situacao"]) == (restriction.protocol, "BAIXADA")
    assert restriction.status == "removed"
    assert len(sandbox.charges()) == 1
