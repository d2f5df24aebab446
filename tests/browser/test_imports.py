"""From a file on somebody's disk to customers, by way of the lines that had to be mended."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from regua.accounts.permissions import Role
from regua.organization.models import Branch
from regua.parties.models import Customer
from tests import factories
from tests.browser.conftest import PASSWORD, Visitor


def test_a_file_is_sent_looked_at_imported_and_mended(
    branch: Branch, visitor: Visitor, tmp_path: Path
) -> None:
    factories.user(
        Role.FINANCE_MANAGER, branch, name="Gil", email="gil@exemplo.test", password=PASSWORD
    )
    good, bad = factories.ordinary_document(), factories.ordinary_document()
    file = tmp_path / "clientes.csv"
    file.write_text(f"CPF/CNPJ;Quem\n{good};Zoë Ávila\n{bad[:-1]};Bia\n", encoding="cp1252")
    page = visitor.page
    visitor.sign_in("gil@exemplo.test")
    visitor.go("/ferramentas/importacoes/")
    visitor.shoot("imports-empty")
    page.get_by_role("link", name="Nova importação").first.click()
    page.get_by_label("O que o arquivo traz").select_option("customers")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Enviar arquivo").click()

    # What nobody recognises is said, and asked for.
    page.get_by_role("button", name="Conferir").click()
    expect(page.get_by_text("Falta dizer qual coluna é")).to_be_visible()
    page.get_by_label("Quem").select_option("name")
    page.get_by_label("Deixar de fora só as linhas com problema").check()
    visitor.shoot("imports-columns")
    page.get_by_role("button", name="Conferir").click()

    expect(page.get_by_text("Importar 1 linha")).to_be_visible()
    expect(page.get_by_text("Não é um CPF nem um CNPJ válido.")).to_be_visible()
    assert not Customer.objects.exists()
    visitor.shoot("imports-checked")
    page.get_by_role("button", name="Importar", exact=True).click()
    expect(page.get_by_text("Importada, menos as linhas com problema")).to_be_visible()
    assert Customer.objects.get().name == "Zoë Ávila"

    with page.expect_download() as download:
        page.get_by_role("link", name="Linhas para corrigir").click()
    mended = tmp_path / "corrigido.csv"
    mended.write_text(
        download.value.path().read_text(encoding="utf-8-sig").replace(bad[:-1], bad),
        encoding="utf-8-sig",
    )
    page.get_by_role("link", name="Nova importação").click()
    page.locator("input[type=file]").set_input_files(mended)
    page.get_by_role("button", name="Enviar arquivo").click()
    page.get_by_label("Quem").select_option("name")
    page.get_by_role("button", name="Conferir").click()
    page.get_by_role("button", name="Importar", exact=True).click()
    expect(page.get_by_text("Tudo foi importado.")).to_be_visible()
    visitor.shoot("imports-done")
    assert Customer.objects.filter(document=bad, name="Bia").exists()
    assert visitor.complaints == []
