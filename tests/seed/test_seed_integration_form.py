"""docs/seed.md, S07 to S30: the grid of integrations, its form and each of the form's fields."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.inquiries.services import inquiry_request
from regua.integrations.models import Integration
from regua.integrations.parameters import parameters_update
from regua.organization.models import Branch
from regua.restrictions.services import removal_request
from regua.sandbox.catalogue import REMOVAL_CODES, RESTRICTION_CODES
from tests import factories
from tests.restrictions import bare
from tests.sandbox.server import Sandbox
from tests.seed.pages import Page, Person
from tests.seed.steps import (
    GRID,
    asked_at_the_central,
    fill_in,
    form_of,
    listed_by_hand,
    new_form,
    settled,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def blank(administrator: User, branch: Branch) -> Page:
    """*Novo*: the form before anything is typed."""
    return new_form(administrator)


def test_s07_the_module_has_one_switch(branch: Branch, manager: User) -> None:
    page = Person(manager).open(reverse("parameters_general"))
    assert "Análise de crédito" in page.text
    page.fill("Utilizar integração com análise de crédito", "Não")
    page.press("Salvar")
    with pytest.raises(ValidationError, match="A análise de crédito está desligada"):
        inquiry_request(actor=manager, branch=branch, document=factories.ordinary_document())
    parameters_update(actor=manager, credit_analysis=True)
    with pytest.raises(ValidationError, match="ainda não tem integração"):
        inquiry_request(actor=manager, branch=branch, document=factories.ordinary_document())


def test_s08_the_path_of_the_documentation(branch: Branch, administrator: User) -> None:
    row = bare.integration(branch)
    page = Person(administrator).open("/").follow("Integrações de Análise de Crédito")
    assert page.path[:2] == ["Configurações", "Integrações"]
    assert page.path[-1] == "Integrações de Análise de Crédito"
    page = page.follow("Crédito na Medida")
    assert page.address == reverse("integration_detail", args=[row.pk])
    assert page.path[:4] == [
        "Configurações",
        "Integrações",
        "Integrações de Análise de Crédito",
        "Crédito na Medida",
    ]


def test_s09_what_to_have_at_hand_is_said_and_asked_for(blank: Page) -> None:
    assert "Tenha em mãos o Client ID e o Client Secret" in blank.text
    fill_in(blank, "Centro")
    blank.fill("Client ID", "")
    blank.fill("Client Secret", "")
    blank.press("Salvar")
    assert not Integration.objects.exists()


def test_s10_without_client_id_nothing_is_saved(blank: Page) -> None:
    fill_in(blank, "Centro").fill("Client ID", "")
    assert blank.press("Salvar").problem("Client ID") == "Preencha este campo."
    assert not Integration.objects.exists()


def test_s11_without_client_secret_nothing_is_saved(blank: Page) -> None:
    fill_in(blank, "Centro").fill("Client Secret", "")
    assert blank.press("Salvar").problem("Client Secret") == "Preencha este campo."
    assert not Integration.objects.exists()


def test_s16_grid_gathers_every_integration(
    branch: Branch, other_branch: Branch, administrator: User
) -> None:
    for where in (branch, other_branch):
        fill_in(new_form(administrator), where.name).press("Salvar")
    grid = Person(administrator).open(GRID)
    assert {row["Filial"] for row in grid.rows} == {"Centro", "Litoral"}
    assert len(grid.rows) == Integration.objects.count() == 2


def test_s17_a_row_of_the_grid_opens_the_form_of_that_integration(
    branch: Branch, other_branch: Branch, administrator: User
) -> None:
    bare.integration(branch, environment="staging")
    second = bare.integration(other_branch)
    grid = Person(administrator).open(GRID)
    columns = {name.partition(" ordenar")[0] for row in grid.rows for name in row}
    assert columns >= {"ID", "Intermediador", "Filial", "Ambiente"}
    assert [row["Ambiente"] for row in grid.rows] == ["Homologação", "Produção"]
    Integration.objects.exclude(pk=second.pk).delete()
    form = Person(administrator).open(GRID).follow("Crédito na Medida")
    assert (form.value("ID"), form.value("Filial")) == (str(second.pk), "Litoral")
    assert form.value("Ambiente") == "Produção"


def test_s18_the_main_tab(branch: Branch, administrator: User, blank: Page) -> None:
    assert blank.tabs == ["Integração análise de crédito"]
    assert form_of(administrator, bare.integration(branch)).tabs[0] == blank.tabs[0]


@pytest.mark.django_db(transaction=True)
def test_s19_one_registration_serves_inquiries_listings_and_removals(
    integration: Integration, branch: Branch, operator: User, sandbox: Sandbox
) -> None:
    inquiry = asked_at_the_central(operator)
    listing = listed_by_hand(operator, factories.receivable(factories.customer(branch)))
    settled(listing, "active")
    removal_request(restriction=listing, actor=operator, reason="paid")
    settled(listing, "removed")
    assert inquiry.integration == listing.integration == integration
    assert [line["situacao"] for line in sandbox.ledger()] == ["BAIXADA"]
    assert len(sandbox.charges()) == 1


def test_s20_the_tab_holds_access_and_parameters(blank: Page) -> None:
    access = ["Endereço do birô", "Client ID", "Client Secret"]
    parameters = ["Incluir/Remover automaticamente", "Código de restrição", "Código para baixa"]
    assert set(access + parameters) <= set(blank.labels)


def test_s21_id_is_a_number_that_the_system_gives(blank: Page) -> None:
    assert blank.kept_by_the_system("ID")
    assert blank.value("ID") == "Gerado ao salvar"
    saved = fill_in(blank, "Centro").press("Salvar")
    assert saved.kept_by_the_system("ID")
    assert saved.value("ID") == str(Integration.objects.get().pk)


def test_s22_intermediador_is_the_bureau(blank: Page, administrator: User) -> None:
    fill_in(blank, "Centro").press("Salvar")
    row = Integration.objects.get()
    assert row.provider == "credito_na_medida"
    assert form_of(administrator, row).value("Intermediador") == "Crédito na Medida"


def test_s23_filial_is_whose_integration_it_is(
    blank: Page, other_branch: Branch, administrator: User
) -> None:
    page = new_form(administrator)
    fill_in(page, "Litoral").press("Salvar")
    row = Integration.objects.get()
    assert row.branch == other_branch
    assert form_of(administrator, row).value("Filial") == "Litoral"


def test_s24_ambiente_is_production_or_staging(blank: Page, administrator: User) -> None:
    assert blank.choices("Ambiente") == ["Produção", "Homologação"]
    fill_in(blank, "Centro").fill("Ambiente", "Homologação")
    blank.press("Salvar")
    row = Integration.objects.get()
    assert row.environment == "staging"
    assert form_of(administrator, row).value("Ambiente") == "Homologação"


@pytest.mark.django_db(transaction=True)
def test_s25_the_client_id_is_what_the_bureau_knows_us_by(
    branch: Branch, administrator: User, sandbox: Sandbox
) -> None:
    page = fill_in(new_form(administrator), "Centro", sandbox)
    page.fill("Client ID", "ninguem")
    saved = page.press("Salvar").press("Testar conexão")
    assert "vende" not in saved.said
    assert "Client Secret" in saved.text
    sandbox.open_account("ninguem", sandbox.client_secret)
    assert "O birô respondeu e vende 5 produtos" in saved.press("Testar conexão").said


@pytest.mark.django_db(transaction=True)
def test_s26_the_client_secret_opens_the_bureau(
    branch: Branch, administrator: User, sandbox: Sandbox
) -> None:
    page = fill_in(new_form(administrator), "Centro", sandbox)
    page.fill("Client Secret", "engano")
    saved = page.press("Salvar").press("Testar conexão")
    assert "vende" not in saved.said
    assert "Client Secret" in saved.text
    saved.fill("Client Secret", sandbox.client_secret)
    saved = saved.press("Salvar")
    assert "O birô respondeu e vende 5 produtos" in saved.press("Testar conexão").said


def test_s27_automatic_listing_and_removal_is_a_choice(blank: Page, administrator: User) -> None:
    label = "Incluir/Remover automaticamente"
    assert blank.choices(label) == ["Sim", "Não"]
    assert blank.value(label) == "Não"
    fill_in(blank, "Centro").fill(label, "Sim")
    blank.press("Salvar")
    row = Integration.objects.get()
    assert row.automatic is True
    assert form_of(administrator, row).value(label) == "Sim"


def test_s28_the_restriction_code_is_one_of_the_bureaus(
    branch: Branch, administrator: User
) -> None:
    label = "Código de restrição"
    page = form_of(administrator, bare.integration(branch))
    assert page.choices(label) == ["Nenhum", "OO · Outras operações", "TI · Serviço de dados"]
    page.typed["restriction_code"] = "XX"
    assert "O birô não tem este código." in page.press("Salvar").problem(label)
    assert Integration.objects.get().restriction_code == "TI"


def test_s29_the_removal_code_is_one_of_the_bureaus(branch: Branch, administrator: User) -> None:
    label = "Código para baixa"
    page = form_of(administrator, bare.integration(branch))
    assert page.choices(label) == ["Nenhum", "01 · Pagamento da dívida", "19 · Acordo"]
    page.typed["removal_code"] = "TI"
    assert "O birô não tem este código." in page.press("Salvar").problem(label)
    assert Integration.objects.get().removal_code == "01"


@pytest.mark.django_db(transaction=True)
def test_s30_the_button_brings_the_codes_from_the_bureau(
    branch: Branch, administrator: User, sandbox: Sandbox
) -> None:
    button = "Atualizar códigos de restrição"
    page = new_form(administrator)
    assert page.disabled(button)
    page = fill_in(page, "Centro", sandbox).press("Salvar")
    theirs = {
        "Código de restrição": [c for c in RESTRICTION_CODES.values() if c.person in "FA"],
        "Cód. Restrição Pessoa Jurídica": [
            c for c in RESTRICTION_CODES.values() if c.person != "F"
        ],
        "Código para baixa": [c for c in REMOVAL_CODES.values() if not c.bureau_only],
    }
    assert [page.choices(label) for label in theirs] == [["Nenhum"]] * 3
    page = page.press(button)
    assert "18 códigos de restrição" in page.said
    for label, codes in theirs.items():
        offered = {"Nenhum", *(f"{code.code} · {code.description}" for code in codes)}
        assert set(page.choices(label)) == offered
    auditor = Person(factories.user(Role.AUDIT)).open(page.address)
    with pytest.raises(AssertionError, match="nothing says"):
        auditor.disabled(button)
