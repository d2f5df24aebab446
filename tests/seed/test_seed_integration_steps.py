"""docs/seed.md, S31 to S53: registering an integration, step by step."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.dunning.defaults import default_policy_create
from regua.dunning.models import DunningStep
from regua.dunning.running import run_work
from regua.dunning.services import run_start
from regua.integrations.models import Integration, ReasonCode
from regua.integrations.selectors import automatic_obstacles
from regua.organization.models import Branch
from regua.restrictions.jobs import dispatch
from regua.restrictions.models import Restriction
from regua.restrictions.services import removal_request
from tests import factories
from tests.restrictions import bare
from tests.sandbox.server import Sandbox
from tests.seed.pages import Person
from tests.seed.steps import (
    GRID,
    asked_at_the_central,
    branch_tab,
    fill_in,
    form_of,
    listed_by_hand,
    new_form,
    removed_by_hand,
    settled,
    worker_round,
)

pytestmark = pytest.mark.django_db
TOKENS = "POST /oauth/token"


@pytest.mark.django_db(transaction=True)
def test_s31_the_steps_lead_to_an_integration_in_use(
    branch: Branch, administrator: User, attendant: User, sandbox: Sandbox
) -> None:
    page = Person(administrator).open("/").follow("Integrações de Análise de Crédito")
    page = fill_in(page.follow("Novo"), "Centro", sandbox).press("Salvar")
    page = page.press("Atualizar códigos de restrição")
    page.fill("Código de restrição", "TI · Serviço de dados (internet)")
    page.fill("Cód. Restrição Pessoa Jurídica", "NF · Nota fiscal")
    page.fill("Código para baixa", "01 · Pagamento da dívida")
    page.press("Salvar")
    tab = branch_tab(administrator, branch)
    tab.fill("Integração de análise de crédito", "nº")
    tab.press("Salvar")
    assert asked_at_the_central(attendant).status == "answered"


def test_s32_the_menu_leads_to_the_form_of_integrations(
    branch: Branch, administrator: User
) -> None:
    page = Person(administrator).open("/").follow("Integrações de Análise de Crédito")
    assert page.address == GRID
    assert page.path[-1] == "Integrações de Análise de Crédito"


def test_s33_novo_opens_an_empty_form(branch: Branch, administrator: User, manager: User) -> None:
    page = Person(administrator).open(GRID).follow("Novo")
    assert page.address == reverse("integration_new")
    assert [page.value(label) for label in ("Client ID", "Client Secret")] == ["", ""]
    with pytest.raises(AssertionError, match="nothing says 'Novo'"):
        Person(manager).open(GRID).follow("Novo")


def test_s34_every_field_of_the_steps_is_on_the_form(branch: Branch, administrator: User) -> None:
    named = [
        "Intermediador",
        "Filial",
        "Ambiente",
        "Client ID",
        "Client Secret",
        "Token",
        "Data atualização token",
        "Incluir/Remover automaticamente",
        "Código de restrição",
        "Código para baixa",
        "Cód. Restrição Pessoa Jurídica",
    ]
    assert set(named) <= set(new_form(administrator).labels)


def test_s35_intermediador_offers_credito_na_medida(branch: Branch, administrator: User) -> None:
    page = new_form(administrator)
    assert "Crédito na Medida" in page.choices("Intermediador")
    page.typed["provider"] = "inventado"
    assert page.press("Salvar").problem("Intermediador")
    assert not Integration.objects.exists()


def test_s36_filial_is_looked_up_among_ones_own(
    branch: Branch, other_branch: Branch, administrator: User
) -> None:
    page = new_form(administrator)
    assert page.choices("Filial") == ["Escolha a filial", "Centro", "Litoral"]
    assert page.searchable("Filial")
    own = factories.user(administrator.role, branch)
    assert new_form(own).choices("Filial") == ["Escolha a filial", "Centro"]


def test_s37_staging_lists_nothing_automatically(branch: Branch, administrator: User) -> None:
    row = bare.integration(branch, codes_synced_at=timezone.now())
    page = form_of(administrator, row)
    page.fill("Client ID", "cliente")
    page.fill("Client Secret", "segredo")
    page.fill("Incluir/Remover automaticamente", "Sim")
    page = page.press("Salvar")
    assert "Inclusão automática Pronta" in page.text
    page.fill("Ambiente", "Homologação")
    assert "O ambiente é Homologação, em que nada é incluído" in page.press("Salvar").text


def test_s39_the_client_id_is_kept_as_it_was_given(branch: Branch, administrator: User) -> None:
    page = fill_in(new_form(administrator), "Centro")
    page.fill("Client ID", "Provedor-42")
    assert page.press("Salvar").value("Client ID") == "Provedor-42"
    row = Integration.objects.get()
    assert row.unseal("client_id") == "Provedor-42"
    assert "Provedor-42" not in row.client_id_sealed


@pytest.mark.django_db(transaction=True)
def test_s40_the_secret_goes_with_its_client_id(
    integration: Integration, administrator: User, attendant: User, sandbox: Sandbox
) -> None:
    sandbox.open_account("outra-conta", "outro-segredo")
    page = form_of(administrator, integration)
    page.fill("Client ID", "outra-conta")
    page = page.press("Salvar")
    assert "Client Secret" in page.press("Testar conexão").text
    page.fill("Client Secret", "outro-segredo")
    page.press("Salvar")
    asked_at_the_central(attendant)
    assert len(sandbox.charges(client_id="outra-conta")) == 1


def test_s41_the_secret_is_kept_and_never_shown_again(branch: Branch, administrator: User) -> None:
    page = fill_in(new_form(administrator), "Centro")
    page.fill("Client Secret", "muito-secreto")
    saved = page.press("Salvar")
    assert "muito-secreto" not in saved.html
    assert saved.help("Client Secret").startswith("Definido.")
    row = Integration.objects.get()
    assert row.unseal("client_secret") == "muito-secreto"
    assert "muito-secreto" not in row.client_secret_sealed


def test_s42_the_automatic_fields_cannot_be_typed_in(branch: Branch, administrator: User) -> None:
    page = new_form(administrator)
    for label in ("Token", "Data atualização token"):
        assert page.kept_by_the_system(label)
        assert page.help(label).startswith("Pelo sistema")


@pytest.mark.django_db(transaction=True)
def test_s43_one_token_serves_until_the_bureau_refuses_it(
    integration: Integration, attendant: User, sandbox: Sandbox
) -> None:
    before = sandbox.calls()[TOKENS]
    asked_at_the_central(attendant)
    assert sandbox.calls()[TOKENS] == before, "the one in hand was used"
    sandbox.revoke_tokens()
    assert asked_at_the_central(attendant, factories.cpf_behaving("002")).status == "answered"
    assert sandbox.calls()[TOKENS] == before + 1


@pytest.fixture
def without_token(integration: Integration) -> Integration:
    """In use, but for the token: as if nothing had been asked of the bureau yet."""
    Integration.objects.update(token_sealed="", token_expires_at=None, token_updated_at=None)
    return integration


@pytest.mark.django_db(transaction=True)
def test_s44_the_token_comes_with_the_first_cpf_inquiry(
    without_token: Integration, administrator: User, attendant: User
) -> None:
    assert form_of(administrator, without_token).value("Token") == "não gerado"
    inquiry = asked_at_the_central(attendant)
    assert inquiry.status == "answered"
    page = form_of(administrator, without_token)
    assert page.value("Token") == "gerado"
    without_token.refresh_from_db()
    assert without_token.unseal("token") not in page.html


@pytest.mark.django_db(transaction=True)
def test_s45_the_date_of_the_token_is_kept_at_each_new_one(
    without_token: Integration, administrator: User, attendant: User, sandbox: Sandbox
) -> None:
    label = "Data atualização token"
    assert form_of(administrator, without_token).value(label) in ("", "—")
    start = timezone.now()
    asked_at_the_central(attendant)
    without_token.refresh_from_db()
    first = without_token.token_updated_at
    assert first is not None
    assert first > start
    written = timezone.localtime(first).strftime("%d/%m/%Y %H:%M")
    assert form_of(administrator, without_token).value(label) == written
    sandbox.revoke_tokens()
    asked_at_the_central(attendant, factories.cpf_behaving("002"))
    without_token.refresh_from_db()
    assert without_token.token_updated_at > first


def test_s46_the_automatic_section_holds_its_four_fields(
    branch: Branch, administrator: User
) -> None:
    page = new_form(administrator)
    section = page.labels[page.labels.index("Incluir/Remover automaticamente") :]
    assert "Inclusão/Exclusão automática" in page.text
    assert section == [
        "Incluir/Remover automaticamente",
        "Código de restrição",
        "Cód. Restrição Pessoa Jurídica",
        "Código para baixa",
    ]


@pytest.mark.django_db(transaction=True)
def test_s47_sim_lists_by_step_five(
    integration: Integration, branch: Branch, administrator: User
) -> None:
    page = form_of(administrator, integration)
    page.fill("Incluir/Remover automaticamente", "Sim")
    page = page.press("Salvar")
    assert "Parâmetros de cobrança, passo 5" in page.help("Incluir/Remover automaticamente")
    integration.refresh_from_db()
    assert automatic_obstacles(integration) == {}
    debt = factories.receivable(factories.customer(branch), days_overdue=90)
    dispatch(timestamp=0)
    worker_round(integration)
    assert not Restriction.objects.exists(), "not before the régua comes to it"

    policy = default_policy_create()
    policy.steps.exclude(action="list").delete()  # the debt is late: it would begin with the notice
    run = run_start(branch=branch, actor=None, needs_approval=False)
    run_work(run.pk)
    run_work(run.pk)
    row = Restriction.objects.get()
    assert (row.receivable, row.form, row.requested_by) == (debt, "automatic", None)


def test_s49_the_default_restriction_code_is_chosen_and_used(
    branch: Branch, administrator: User, operator: User
) -> None:
    page = form_of(administrator, bare.integration(branch))
    page.fill("Client ID", "cliente")
    page.fill("Client Secret", "segredo")
    page.fill("Código de restrição", "OO · Outras operações")
    assert page.press("Salvar").value("Código de restrição") == "OO · Outras operações"
    row = listed_by_hand(operator, factories.receivable(factories.customer(branch)))
    assert row.restriction_code == "OO"


@pytest.mark.django_db(transaction=True)
def test_s50_the_removal_code_tells_the_bureau_why(
    integration: Integration, branch: Branch, operator: User, sandbox: Sandbox
) -> None:
    row = listed_by_hand(operator, factories.receivable(factories.customer(branch)))
    settled(row, "active")
    removal_request(restriction=row, actor=operator, reason="paid")
    settled(row, "removed")
    assert [line["codigo_baixa"] for line in sandbox.ledger()] == ["01"]


def test_s51_the_default_removal_code_is_chosen_and_used(
    branch: Branch, administrator: User, operator: User
) -> None:
    row = bare.integration(branch)
    ReasonCode.objects.create(
        integration=row, kind="removal", code="43", description="Negociação", reason="renegotiated"
    )
    page = form_of(administrator, row)
    page.fill("Client ID", "cliente")
    page.fill("Client Secret", "segredo")
    page.fill("Código para baixa", "43 · Negociação")
    assert page.press("Salvar").value("Código para baixa") == "43 · Negociação"
    listing = bare.listing(factories.receivable(factories.customer(branch)))
    removed_by_hand(operator, listing, "Renegociação (código 43)")
    listing.refresh_from_db()
    assert listing.removal_code == "43", "not the other code of the same reason, 19"


def test_s52_the_companies_code_is_for_companies_only(
    branch: Branch, administrator: User, operator: User
) -> None:
    page = form_of(administrator, bare.integration(branch))
    companies = page.choices("Cód. Restrição Pessoa Jurídica")
    assert companies == ["Nenhum", "NF · Nota fiscal", "OO · Outras operações"]
    people = page.choices("Código de restrição")
    assert people == ["Nenhum", "OO · Outras operações", "TI · Serviço de dados"]
    company = factories.customer(branch, company=True)
    assert listed_by_hand(operator, factories.receivable(company)).restriction_code == "NF"
    person = factories.customer(branch)
    assert listed_by_hand(operator, factories.receivable(person)).restriction_code == "TI"


def test_s53_salvar_registers_the_integration(branch: Branch, administrator: User) -> None:
    page = fill_in(new_form(administrator), "Centro")
    assert not Integration.objects.exists()
    saved = page.press("Salvar")
    row = Integration.objects.get()
    assert f"Integração nº {row.pk} cadastrada" in saved.said
    assert saved.address == reverse("integration_detail", args=[row.pk])


def test_s74_the_parameters_hold_step_five_with_both_halves(
    branch: Branch, administrator: User
) -> None:
    page = Person(administrator).open("/").follow("Parâmetros de cobrança")
    assert page.path == ["Configurações", "Parâmetros", *["Parâmetros de cobrança"] * 2]
    assert page.value("Ativar a régua de cobrança") == "Não"
    page = page.follow("Réguas").press("Criar a régua padrão")
    assert "Enviar análise de crédito/Cartório" in page.text
    step = DunningStep.objects.get(action="list")
    page = Person(administrator).open(reverse("dunning_step_edit", args=[step.pk]))
    assert page.choices("Negativar automaticamente") == ["Sim", "Padrão", "Não"]
    page.fill("Dias para executar", "95")
    page.fill("Negativar automaticamente", "Sim")
    page.fill("Tipo de contato padrão", "WhatsApp")
    page.fill("Dias para a próxima ação", "7")
    page = page.press("Gravar o passo")
    assert "95 dias depois do vencimento" in page.text
    assert "Negativar automaticamente: Sim" in page.text
    assert "WhatsApp, 7 dias depois" in page.text
    page = page.follow("Parâmetros de cobrança").follow("Negativação automática")
    assert "Nada é negativado sozinho" in page.text
    assert "Integração da filial" in page.text
