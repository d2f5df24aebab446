"""docs/seed.md: inquiries, where they are made, kept, read and reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.inquiries.models import Inquiry
from regua.inquiries.services import inquiries_drain
from regua.integrations.models import Integration, Product
from regua.organization.models import Branch
from regua.web import formats
from tests import factories
from tests.inquiries.test_policy import active
from tests.restrictions import bare
from tests.sandbox.server import Sandbox
from tests.seed.pages import Person
from tests.seed.steps import CLEAN, answered, asked_at_the_central, form_of, shown

pytestmark = pytest.mark.django_db
HEAVY = factories.cpf_behaving("003")
ASK = "Consultar análise de crédito"
TAB = "Consultas de análise de crédito"
Make = Callable[..., Any]


def history(user: User, party: Any) -> list[dict[str, str]]:
    """The rows of the party's tab."""
    kind = party._meta.model_name
    return Person(user).open(reverse(f"{kind}_detail", args=[party.pk])).follow(TAB).rows


@pytest.mark.django_db(transaction=True)
def test_s03_customers_leads_and_prospects_can_be_asked_about(
    integration: Integration, branch: Branch, attendant: User, sandbox: Sandbox
) -> None:
    for make, name in (
        (factories.customer, "customer"),
        (factories.lead, "lead"),
        (factories.prospect, "prospect"),
    ):
        party = make(branch, document=factories.ordinary_document(company=name == "prospect"))
        Person(attendant).open(reverse(f"{name}_ask", args=[party.pk])).press("Consultar")
        inquiry = Inquiry.objects.latest("pk")
        assert (getattr(inquiry, name), inquiry.document) == (party, party.document)
    inquiries_drain(integration.pk)
    assert set(Inquiry.objects.values_list("status", flat=True)) == {"answered"}
    assert len(sandbox.charges()) == 3


@pytest.mark.django_db(transaction=True)
def test_s05_the_answer_serves_a_decision(
    integration: Integration, branch: Branch, attendant: User, manager: User
) -> None:
    active(branch, manager, {"outcome": "approve"})
    text = shown(attendant, asked_at_the_central(attendant)).text
    order = [text.index(words) for words in ("Aprovar", "Score", "Pendências")]
    assert order == sorted(order), "the verdict comes first, then what it rests on"


@pytest.mark.django_db(transaction=True)
def test_s12_the_credit_history_is_laid_open(integration: Integration, attendant: User) -> None:
    inquiry = asked_at_the_central(attendant, HEAVY)
    assert inquiry.pendings_count >= 6
    page = shown(attendant, inquiry)
    assert formats.brl(inquiry.pendings_total).replace("\xa0", " ") in page.text
    creditors = [row for row in page.rows if "Credor" in row]
    assert len([row for row in creditors if row.get("Valor")]) >= inquiry.pendings_count
    assert "Consultas anteriores" in page.text


@pytest.mark.django_db(transaction=True)
def test_s13_conditions_follow_the_credit_profile(
    integration: Integration, branch: Branch, attendant: User, manager: User
) -> None:
    active(
        branch,
        manager,
        {"score_from": 900, "outcome": "approve"},
        {"outcome": "conditions", "advance_payment": True, "plan_limit": "120"},
    )
    good = asked_at_the_central(attendant, CLEAN)
    bad = asked_at_the_central(attendant, HEAVY)
    assert (good.outcome, bad.outcome) == ("approve", "conditions")
    assert "Aprovar com adesão antecipada, plano de até R$ 120,00" in shown(attendant, bad).text


@pytest.mark.django_db(transaction=True)
def test_s14_the_decision_comes_with_the_answer(
    integration: Integration, branch: Branch, attendant: User, manager: User
) -> None:
    active(branch, manager, {"outcome": "deny", "reason": "Score baixo demais."})
    inquiry = asked_at_the_central(attendant)
    assert inquiry.outcome == "deny"
    page = shown(attendant, inquiry)
    assert "Não aprovar" in page.text
    assert "Score baixo demais." in page.text


@pytest.mark.django_db(transaction=True)
def test_s71_an_answer_lost_on_the_way_is_found_and_paid_once(
    integration: Integration, attendant: User, sandbox: Sandbox
) -> None:
    sandbox.add_faults(
        {"method": "POST", "path": "/v1/consultas", "kind": "lost_answer", "times": 1}
    )
    inquiry = asked_at_the_central(attendant)
    while not inquiry.is_finished:
        Inquiry.objects.filter(pk=inquiry.pk).update(due_at=timezone.now())
        inquiry = answered()
    assert inquiry.status == "answered"
    assert len(sandbox.charges()) == 1


@pytest.mark.django_db(transaction=True)
def test_s72_stale_credentials_are_shown_and_calls_can_be_watched(
    integration: Integration, administrator: User, attendant: User, sandbox: Sandbox
) -> None:
    page = form_of(administrator, integration)
    page.fill("Client Secret", "trocado-no-birô")
    page.press("Salvar")
    inquiry = asked_at_the_central(attendant)
    assert inquiry.status != "answered"
    assert "A integração precisa de atenção" in form_of(administrator, integration).text
    assert "Chamadas ao birô" in shown(administrator, inquiry).text
    address = reverse("bureau_calls", args=[f"inquiry:{inquiry.pk}"])
    calls = Person(administrator).client.get(address).content.decode()
    assert "/oauth/token" in calls
    assert "trocado-no-birô" not in calls


def test_s76_the_documented_grid_can_be_filtered(
    branch: Branch, other_branch: Branch, administrator: User
) -> None:
    factories.integration(branch)
    other = factories.integration(other_branch)
    page = Person(administrator).open(reverse("integration_list"))
    page.fill("Filial", "Litoral")
    [row] = page.press("Buscar").rows
    assert row["Filial"] == other.branch.name


@pytest.fixture
def two_branches_asked(branch: Branch, other_branch: Branch, attendant: User) -> None:
    """An inquiry in each branch, neither about anybody on file."""
    for where in (branch, other_branch):
        factories.answered(where, attendant, integration=factories.integration(where))


def test_s77_the_leads_tab_keeps_every_inquiry(
    two_branches_asked: None, branch: Branch, attendant: User
) -> None:
    tab_keeps_every_inquiry(factories.lead, branch, attendant)


def test_s78_the_customers_tab_keeps_every_inquiry(
    two_branches_asked: None, branch: Branch, attendant: User
) -> None:
    tab_keeps_every_inquiry(factories.customer, branch, attendant)


def test_s79_the_prospects_tab_keeps_every_inquiry(
    two_branches_asked: None, branch: Branch, attendant: User
) -> None:
    tab_keeps_every_inquiry(factories.prospect, branch, attendant)


def tab_keeps_every_inquiry(make: Make, branch: Branch, attendant: User) -> None:
    party = make(branch)
    assert history(attendant, party) == []
    kind = party._meta.model_name
    for score in (310, 720):
        factories.answered(
            branch,
            attendant,
            integration=Integration.objects.get(branch=branch),
            score=score,
            **{kind: party},
        )
    rows = history(attendant, party)
    assert [row["Score"] for row in rows] == ["720", "310"]
    for row in rows:
        assert (row["Produto"], row["Quem"]) == ("PF com score", attendant.name)
        assert (row["Situação"], row["Custo"]) == ("Respondida", "R$ 4,90")


@pytest.fixture
def sells(branch: Branch) -> Integration:
    """A bureau in use in the branch that sells one inquiry, and is not called here."""
    row = bare.integration(branch)
    Product.objects.create(
        integration=row, code="PF", name="Consulta básica", person_kind="F", price="4.90"
    )
    return row


def test_s80_asked_from_the_customer(sells: Integration, branch: Branch, attendant: User) -> None:
    customer = factories.customer(branch)
    page = Person(attendant).open("/").follow("Clientes").follow(customer.name).follow(ASK)
    assert customer.document not in page.html
    page.press("Consultar · R$ 4,90")
    assert asked_once(attendant, customer).customer == customer


def test_s81_asked_from_the_prospect(sells: Integration, branch: Branch, attendant: User) -> None:
    prospect = factories.prospect(branch, document=factories.ordinary_document())
    menu = Person(attendant).open("/").follow("Prospecção")
    menu.follow(ASK).press("Consultar · R$ 4,90")
    assert asked_once(attendant, prospect).prospect == prospect
    assert ASK in menu.follow(prospect.name).text


def test_s82_asked_from_the_lead(sells: Integration, branch: Branch, attendant: User) -> None:
    lead = factories.lead(branch, document=factories.ordinary_document())
    menu = Person(attendant).open("/").follow("Leads")
    menu.follow(ASK).press("Consultar · R$ 4,90")
    assert asked_once(attendant, lead).lead == lead
    assert ASK in menu.follow(lead.name).text


def asked_once(user: User, party: Any) -> Inquiry:
    """The one inquiry that there is, on the party's tab too."""
    inquiry = Inquiry.objects.get()
    assert inquiry.document == party.document
    assert [row["Produto"] for row in history(user, party)] == ["Consulta básica"]
    return inquiry


def test_s83_the_report_narrows_what_was_asked(
    two_branches_asked: None, branch: Branch, other_branch: Branch
) -> None:
    manager = factories.user(Role.FINANCE_MANAGER)
    page = Person(manager).open("/").follow("Relatórios")
    page = page.follow("Relatório de Contas a Receber: Consultas Análise de Crédito")
    assert page.address == reverse("report_inquiries")
    assert page.path[:2] == ["Relatórios", "Relatórios financeiros"]
    named = {"Integração", "Data inicial", "Data final", "Tipo de consulta", "Filial"}
    assert named <= set(page.labels)
    assert page.choices("Tipo de consulta") == ["Ambos", "Pessoa física", "Pessoa jurídica"]
    assert len([row for row in page.rows if "Produto" in row]) == 2
    page.fill("Filial", "Litoral")
    page.fill("Tipo de consulta", "Pessoa física")
    page = page.press("Filtrar")
    assert len([row for row in page.rows if "Produto" in row]) == 1
    page.fill("Tipo de consulta", "Pessoa jurídica")
    assert not [row for row in page.press("Filtrar").rows if "Produto" in row]
