"""docs/seed.md, S54 to S61: linking an integration to its branch, and one for each branch."""

from __future__ import annotations

import pytest
from django.urls import reverse

from regua.accounts.models import User
from regua.inquiries.models import Inquiry
from regua.integrations.models import Integration
from regua.organization.models import Branch
from tests.restrictions import bare
from tests.seed.pages import Person
from tests.seed.steps import asked_at_the_central, branch_tab, fill_in, new_form

pytestmark = pytest.mark.django_db


def test_s54_the_menu_leads_to_the_branches(branch: Branch, administrator: User) -> None:
    page = Person(administrator).open("/").follow("Filiais")
    assert page.address == reverse("branch_list")
    assert page.path[:3] == ["Configurações", "Empresa", "Filiais"]


def test_s55_editar_opens_the_branch_with_its_tab(branch: Branch, administrator: User) -> None:
    page = Person(administrator).open(reverse("branch_list")).follow("Editar")
    assert "Integrações" in page.tabs
    page = page.follow("Integrações")
    assert page.address == reverse("branch_integrations", args=[branch.pk])
    assert page.path[-1] == "Centro"


def test_s56_only_the_branchs_own_integration_can_be_linked(
    branch: Branch, other_branch: Branch, administrator: User
) -> None:
    own, alien = bare.integration(branch, linked_at=None), bare.integration(other_branch)
    tab = branch_tab(administrator, branch)
    label = "Integração de análise de crédito"
    offered = f"nº {own.pk} · Crédito na Medida · Produção"
    assert tab.choices(label) == ["Nenhuma", offered]
    tab.typed["integration"] = str(alien.pk)
    assert "não é desta filial" in tab.press("Salvar").problem(label)
    own.refresh_from_db()
    assert own.linked_at is None


def test_s57_salvar_puts_the_link_in_force(branch: Branch, administrator: User) -> None:
    own = bare.integration(branch, linked_at=None)
    tab = branch_tab(administrator, branch)
    tab.fill("Integração de análise de crédito", f"nº {own.pk}")
    own.refresh_from_db()
    assert own.linked_at is None
    saved = tab.press("Salvar")
    assert "vinculada à filial Centro. Já pode ser usada." in saved.said
    own.refresh_from_db()
    assert own.linked_at is not None


@pytest.mark.django_db(transaction=True)
def test_s58_once_linked_it_can_be_used_and_not_before(
    integration: Integration, branch: Branch, administrator: User, attendant: User
) -> None:
    Integration.objects.update(linked_at=None)
    central = Person(attendant).open(reverse("inquiry_list"))
    assert central.disabled("Consultar")
    assert "não vinculada à filial" in central.text
    tab = branch_tab(administrator, branch)
    tab.fill("Integração de análise de crédito", f"nº {integration.pk}")
    tab.press("Salvar")
    assert asked_at_the_central(attendant).status == "answered"
    assert Inquiry.objects.count() == 1


def test_s58_without_products_it_says_which_button_brings_them(
    branch: Branch, attendant: User
) -> None:
    row = bare.integration(branch)
    central = Person(attendant).open(reverse("inquiry_list"))
    assert f"Aperte Atualizar códigos de restrição na integração nº {row.pk}" in central.text
    assert central.disabled("Consultar")


def test_s59_a_branch_has_one_integration(
    branch: Branch, other_branch: Branch, administrator: User
) -> None:
    for name in ("Centro", "Centro", "Litoral", "Litoral"):
        fill_in(new_form(administrator), name).press("Salvar")
    assert sorted(Integration.objects.values_list("branch__name", flat=True)) == [
        "Centro",
        "Litoral",
    ]


def test_s60_the_list_of_branches_shows_which_have_one(
    branch: Branch, other_branch: Branch, administrator: User
) -> None:
    row = bare.integration(branch)
    rows = Person(administrator).open(reverse("branch_list")).rows
    column = next(name for name in rows[0] if name.startswith("Integração"))
    assert {line["Filial"]: line[column] for line in rows} == {
        "Centro": f"Vinculada Crédito na Medida, nº {row.pk}",
        "Litoral": "Não cadastrada",
    }


def test_s61_a_second_one_is_blocked_with_a_message(branch: Branch, administrator: User) -> None:
    fill_in(new_form(administrator), "Centro").press("Salvar")
    first = Integration.objects.get()
    page = fill_in(new_form(administrator), "Centro").press("Salvar")
    assert page.problem("Filial").startswith(
        f"A filial Centro já tem a integração nº {first.pk} (Crédito na Medida)."
    )
    assert page.follow(f"Abrir a integração nº {first.pk}").value("ID") == str(first.pk)
    assert Integration.objects.get() == first
