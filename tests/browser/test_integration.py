"""A branch's integration from its registration to a code that the bureau takes back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from regua.accounts.permissions import Role
from regua.integrations.models import Integration
from regua.organization.models import Branch
from tests import factories
from tests.browser.conftest import PASSWORD, Visitor
from tests.sandbox.server import Sandbox


def choose(page: Page, label: str, option: str) -> None:
    """Pick from a list that can be searched, by the keyboard until the match is there."""
    name = re.compile(rf"^{label}\*?$")
    box = page.get_by_role("combobox", name=name)
    box.focus()
    box.press_sequentially(option)
    matches = page.get_by_role("listbox", name=name)
    matches.get_by_role("option", name=re.compile(rf"^{option}\b")).click()
    expect(matches).to_be_hidden()


def state(page: Page) -> Locator:
    return page.get_by_role("region", name="Estado da integração")


@pytest.mark.parametrize("viewport", ["desktop"])
def test_register_mend_feed_link_and_lose_a_code(
    branch: Branch, sandbox: Sandbox, visitor: Visitor
) -> None:
    factories.user(Role.ADMINISTRATOR, email="alice@exemplo.test", password=PASSWORD)
    page = visitor.page
    save = page.get_by_role("button", name="Salvar", exact=True)
    test = page.get_by_role("button", name="Testar conexão")
    refresh = page.get_by_role("button", name="Atualizar códigos de restrição")
    visitor.sign_in("alice@exemplo.test")
    expect(page.get_by_text("A filial Centro ainda não consulta nem negativa.")).to_be_visible()

    # Register it, with a secret that the bureau does not know.
    visitor.go("/configuracoes/integracoes/analise-de-credito/")
    visitor.shoot("30-integracoes-vazia")
    page.get_by_role("link", name="Novo").click()
    expect(refresh).to_be_disabled()
    choose(page, "Filial", branch.name)
    page.get_by_label("Produção").check()
    page.get_by_label("Endereço do birô").fill(sandbox.url)
    page.get_by_label("Client ID").fill(sandbox.client_id)
    page.get_by_label("Client Secret").fill("errado")
    visitor.shoot("31-integracao-nova")
    save.click()
    expect(page.get_by_text("Agora atualize os códigos")).to_be_visible()
    integration = Integration.objects.get()

    # The test says what is wrong; mended, it says that all is well.
    test.click()
    said = state(page).get_by_role("alert")
    expect(said.filter(has_text="O birô não aceitou as credenciais")).to_be_visible()
    visitor.shoot("32-conexao-recusada")
    secret = page.get_by_label("Client Secret")
    expect(secret).to_have_value("")
    secret.fill(sandbox.client_secret)
    save.click()
    expect(page.get_by_text(f"Integração nº {integration.pk} gravada.")).to_be_visible()
    test.click()
    said = state(page).get_by_role("status")
    expect(said.filter(has_text="vende 5 produtos")).to_be_visible()
    expect(page.get_by_label("Token", exact=True)).to_have_value("gerado")

    # The bureau's codes, the defaults among them.
    refresh.click()
    codes = page.locator("#codes")
    expect(codes.get_by_role("status").first).to_contain_text("18 códigos de restrição")
    visitor.shoot("33-codigos-buscados")
    choose(page, "Código de restrição", "TI")
    choose(page, "Código para baixa", "01")
    page.get_by_label("Sim").check()
    save.click()
    expect(page.get_by_text(f"Integração nº {integration.pk} gravada.")).to_be_visible()
    integration.refresh_from_db()
    assert (integration.restriction_code, integration.removal_code) == ("TI", "01")
    assert integration.linked_at is None
    expect(state(page)).to_contain_text("A integração não está vinculada à filial.")

    # It counts once linked in the branch.
    visitor.go("/configuracoes/empresa/filiais/")
    visitor.shoot("34-filiais")
    page.get_by_role("link", name=f"Editar a filial {branch.name}").click()
    expect(page.get_by_text("Não vinculada")).to_be_visible()
    page.get_by_label("Integração de análise de crédito").select_option(str(integration.pk))
    save.click()
    expect(page.get_by_text("Já pode ser usada.")).to_be_visible()
    visitor.shoot("35-filial-vinculada")
    page.get_by_role("link", name=f"Abrir a integração nº {integration.pk}").click()
    expect(state(page)).to_contain_text("Pronta")
    visitor.shoot("36-integracao-pronta")

    # A second one is refused, and leads to the first.
    visitor.go("/configuracoes/integracoes/analise-de-credito/nova/")
    choose(page, "Filial", branch.name)
    page.get_by_label("Produção").check()
    page.get_by_label("Endereço do birô").fill(sandbox.url)
    page.get_by_label("Client ID").fill("outro")
    page.get_by_label("Client Secret").fill("outro")
    save.click()
    expect(page.locator(".error-summary")).to_contain_text(f"integração nº {integration.pk}")
    visitor.shoot("37-segunda-integracao")
    assert Integration.objects.count() == 1
    page.get_by_role("link", name=f"Abrir a integração nº {integration.pk}").click()

    # The bureau takes the default back: said where one looks, and nothing goes by itself.
    sandbox.withdraw("TI")
    refresh.click()
    expect(codes).to_contain_text("o birô não oferece mais o código TI")
    expect(state(page)).to_contain_text("O birô não oferece mais o código TI")
    expect(state(page)).not_to_contain_text("Pronta")
    expect(page.get_by_role("region", name="Última atualização")).to_contain_text("TI")
    visitor.shoot("38-codigo-sumiu")
    visitor.go("/configuracoes/integracoes/analise-de-credito/")
    expect(page.get_by_role("row", name=re.compile(branch.name))).to_contain_text(
        "O birô não oferece mais o código TI"
    )
    visitor.shoot("39-codigo-sumiu-na-lista")
    page.get_by_role("link", name="Crédito na Medida").click()
    choose(page, "Código de restrição", "OO")
    save.click()
    expect(page.get_by_text(f"Integração nº {integration.pk} gravada.")).to_be_visible()
    expect(state(page)).to_contain_text("Pronta")
