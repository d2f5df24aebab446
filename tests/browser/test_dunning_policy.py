"""Parâmetros de cobrança in a browser: a policy from the default to a step of one's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from regua.accounts.permissions import Role
from regua.dunning.choices import Action, AutoList
from regua.dunning.defaults import default_policy_create
from regua.dunning.models import DunningParameters, DunningPolicy, DunningStep
from regua.dunning.selectors import steps_of
from regua.integrations.models import Integration
from regua.organization.models import Branch, GeneralParameters
from tests import factories
from tests.browser.conftest import PASSWORD, Visitor
from tests.restrictions import bare


@pytest.fixture(autouse=True)
def gil(branch: Branch) -> None:
    bare.integration(branch, automatic=False, codes_synced_at=timezone.now())
    factories.user(Role.FINANCE_MANAGER, name="Gil", email="gil@exemplo.test", password=PASSWORD)


def test_policy_edit(branch: Branch, visitor: Visitor) -> None:
    page = visitor.page
    visitor.sign_in("gil@exemplo.test")

    # The general ones.
    visitor.go(reverse("parameters_dunning"))
    page.get_by_role("group", name="Ativar a régua de cobrança").get_by_label("Sim").check()
    page.get_by_label("Mensagens até as").fill("7:00")
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator(".error-summary")).to_contain_text("precisa ser depois do começo")
    visitor.shoot("70-cobranca-geral-recusada")
    page.get_by_label("Mensagens até as").fill("18:00")
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_text("Parâmetros de cobrança gravados.")).to_be_visible()
    assert DunningParameters.current().active
    visitor.shoot("71-cobranca-geral")

    # From nothing to the default policy.
    page.get_by_role("link", name="Réguas", exact=True).click()
    visitor.shoot("72-reguas-vazia")
    page.get_by_role("button", name="Criar a régua padrão").click()
    expect(page.get_by_role("heading", name="Régua padrão")).to_be_visible()
    policy = DunningPolicy.objects.get()
    step = page.get_by_role("listitem").filter(has_text="Enviar análise de crédito/Cartório")
    expect(step).to_contain_text("Falta ligar: Incluir/Remover automaticamente")
    visitor.shoot("73-regua-padrao")

    # A step of one's own: what an action does not ask for is not on the page.
    page.get_by_role("link", name="Acrescentar passo").click()
    page.get_by_label("Nome").fill("Ligar antes da suspensão")
    page.get_by_label("Dias para executar").fill("5")
    expect(page.get_by_label("Canal e mensagem")).to_be_visible()
    page.get_by_label("Negativar", exact=True).check()
    expect(page.get_by_label("Canal e mensagem")).to_be_hidden()
    expect(page.get_by_label("Etapa", exact=True)).to_be_hidden()
    expect(page.get_by_label("Padrão", exact=True)).to_be_checked()
    page.get_by_label("Só marcar a etapa").check()
    page.get_by_label("Etapa", exact=True).select_option("AP")
    page.get_by_label("Tipo de contato padrão").select_option("phone")
    page.get_by_label("Dias para a próxima ação").fill("2")
    page.get_by_role("button", name="Gravar o passo").click()
    expect(page.locator(".error-summary")).to_contain_text(
        "O passo Aviso de cobrança já acontece 5 dias depois do vencimento."
    )
    visitor.shoot("74-passo-no-mesmo-dia")
    page.get_by_label("Dias para executar").fill("15")
    page.get_by_role("button", name="Gravar o passo").click()
    expect(page.get_by_text("Passo Ligar antes da suspensão gravado")).to_be_visible()
    assert [s.days for s in steps_of(policy)] == [-3, 0, 5, 15, 20, 90]

    # An earlier listing is warned of; never by itself says so.
    page.get_by_role("link", name="Editar o passo Enviar análise de crédito/Cartório").click()
    page.get_by_label("Dias para executar").fill("60")
    page.get_by_role("group", name="Negativar automaticamente").get_by_label("Não").check()
    page.get_by_role("button", name="Gravar o passo").click()
    expect(page.get_by_role("alert").first).to_contain_text("até o dia 80 fica retida")
    expect(step).to_contain_text("Negativar automaticamente: Não")
    visitor.shoot("75-regua-mudada")
    listing = policy.steps.get(action=Action.LIST, archived_at=None)
    assert (listing.days, listing.auto_list) == (60, AutoList.NO)

    # Every switch of the branch, in its order.
    step.get_by_role("link", name="Ver todas as chaves da filial Centro").click()
    expect(page.get_by_text("2 chaves estão desligadas", exact=False)).to_be_visible()
    visitor.shoot("76-chaves")
    page.get_by_role("link", name="Passo Enviar análise de crédito/Cartório").click()
    page.get_by_role("group", name="Negativar automaticamente").get_by_label("Sim").check()
    page.get_by_role("button", name="Gravar o passo").click()

    # Taken out, after one question; what happened is told.
    page.get_by_role("button", name="Retirar o passo Ligar antes da suspensão").click()
    page.get_by_role("dialog").get_by_role("button", name="Retirar o passo").click()
    expect(page.get_by_text("Passo Ligar antes da suspensão retirado")).to_be_visible()
    history = page.get_by_role("region", name="Últimas mudanças")
    expect(history).to_contain_text("Retirou o passo Ligar antes da suspensão")
    expect(history).to_contain_text("Negativar automaticamente: de Não para Sim.")

    # A copy for one branch goes before it.
    page.get_by_role("link", name="Copiar", exact=True).click()
    page.get_by_label("Nome").fill("Só do Centro")
    page.get_by_role("main").get_by_label("Filial").select_option(str(branch.pk))
    visitor.shoot("77-copiar-regua")
    page.get_by_role("button", name="Criar a régua").click()
    expect(page.get_by_role("heading", name="Só do Centro")).to_be_visible()
    visitor.go(reverse("dunning_policy", args=[policy.pk]))
    expect(page.get_by_text("Hoje esta régua não vale para nenhuma dívida")).to_be_visible()
    visitor.go(reverse("dunning_policy_list"))
    visitor.shoot("78-reguas")


def test_every_switch_off_once(branch: Branch, visitor: Visitor) -> None:
    """A person sees which one keeps listings from being automatic."""
    default_policy_create()
    DunningParameters.objects.update_or_create(pk=1, defaults={"active": True})
    Integration.objects.update(automatic=True)
    page = visitor.page
    visitor.sign_in("gil@exemplo.test")
    address = reverse("dunning_switches", args=[branch.pk])
    visitor.go(address)
    expect(page.get_by_text("Todas as chaves estão ligadas.")).to_be_visible()
    for turn_off, turn_on in (
        (general(False), general(True)),
        (integration(linked_at=None), integration(linked_at=timezone.now())),
        (integration(environment="staging"), integration(environment="production")),
        (integration(automatic=False), integration(automatic=True)),
        (listing_step("no"), listing_step("default")),
    ):
        turn_off()
        visitor.go(address)
        expect(page.get_by_text("uma chave está desligada")).to_be_visible()
        off = page.get_by_text("Desligada", exact=True)
        expect(off).to_have_count(1)
        turn_on()
    visitor.shoot("79-chaves")
    visitor.go(address)
    expect(page.get_by_text("Todas as chaves estão ligadas.")).to_be_visible()


def general(on: bool) -> Callable[[], object]:
    return lambda: GeneralParameters.objects.update_or_create(
        pk=1, defaults={"credit_analysis": on}
    )


def integration(**fields: object) -> Callable[[], object]:
    return lambda: Integration.objects.update(**fields)


def listing_step(value: str) -> Callable[[], object]:
    return lambda: DunningStep.objects.filter(action=Action.LIST).update(auto_list=value)
