"""docs/seed.md: listing a customer, what it asks of the customer's record, and taking it off."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.parties.models import Customer
from regua.receivables.models import Receivable
from regua.restrictions.automatic import removals_ask
from regua.restrictions.choices import Status
from regua.restrictions.jobs import dispatch
from regua.restrictions.models import Restriction
from regua.restrictions.services import restriction_request
from tests import factories
from tests.restrictions import bare
from tests.sandbox.server import Sandbox
from tests.seed.pages import Person
from tests.seed.steps import listed_by_hand, paid, removed_by_hand, settled, worker_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def debt(branch: Branch) -> Receivable:
    """Overdue, of a customer whose record is complete; the bureau is never called."""
    bare.integration(branch)
    return factories.receivable(factories.customer(branch))


@pytest.mark.django_db(transaction=True)
def test_s04_a_customer_in_arrears_can_be_listed(
    integration: Integration, branch: Branch, operator: User, sandbox: Sandbox
) -> None:
    owed = factories.receivable(factories.customer(branch))
    row = settled(listed_by_hand(operator, owed), "active")
    [line] = sandbox.ledger()
    assert (line["protocolo"], line["situacao"]) == (row.protocol, "ATIVA")
    assert line["codigo_restricao"] == row.restriction_code == integration.restriction_code == "TI"
    assert row.form == "manual"


def test_s04_only_who_is_in_arrears(debt: Receivable, operator: User) -> None:
    Receivable.objects.filter(pk=debt.pk).update(due_date=date(2999, 1, 1))
    page = Person(operator).open(reverse("customer_detail", args=[debt.customer_id]))
    assert page.disabled("Negativar")
    assert "Nenhum título vencido e em aberto." in page.text
    with pytest.raises(ValidationError, match="ainda não venceu"):
        restriction_request(receivable=debt, actor=operator)


@pytest.mark.django_db(transaction=True)
def test_s62_paying_takes_nothing_off_until_somebody_asks(
    integration: Integration, branch: Branch, operator: User, sandbox: Sandbox
) -> None:
    owed = factories.receivable(factories.customer(branch))
    row = settled(listed_by_hand(operator, owed), "active")
    page = paid(operator, owed)
    assert "peça a baixa" in page.text
    dispatch(timestamp=0)
    removals_ask()
    worker_round(integration)
    row.refresh_from_db()
    assert row.status == "active"
    assert [line["situacao"] for line in sandbox.ledger()] == ["ATIVA"]
    removed_by_hand(operator, row, "Pagamento da dívida (código 01)")
    settled(row, "removed")
    assert [line["situacao"] for line in sandbox.ledger()] == ["BAIXADA"]


@pytest.mark.django_db(transaction=True)
def test_s88_with_sim_the_removal_of_a_paid_debt_is_asked_for(
    integration: Integration, branch: Branch, operator: User, sandbox: Sandbox
) -> None:
    owed = factories.receivable(factories.customer(branch))
    row = settled(listed_by_hand(operator, owed), "active")
    Integration.objects.filter(pk=integration.pk).update(automatic=True)
    assert "a baixa é pedida sozinha" in paid(operator, owed).text
    removals_ask()
    settled(row, "removed")
    assert [line["situacao"] for line in sandbox.ledger()] == ["BAIXADA"]
    assert row.removal_requested_by is None


def test_s63_the_same_holds_whatever_the_bureau(branch: Branch, operator: User) -> None:
    bare.integration(branch, provider="outro_biro")
    owed = factories.receivable(factories.customer(branch))
    row = bare.listing(owed)
    assert "peça a baixa" in paid(operator, owed).text
    dispatch(timestamp=0)
    row.refresh_from_db()
    assert (row.provider, row.status) == ("outro_biro", "active")


def refused(debt: Receivable, operator: User) -> list[str]:
    """Why this debt cannot be listed, asked of the service that every way of listing goes by."""
    before = Restriction.objects.count()
    with pytest.raises(ValidationError) as caught:
        restriction_request(receivable=debt, actor=operator)
    assert Restriction.objects.count() == before
    return caught.value.messages


def without(debt: Receivable, **fields: Any) -> Receivable:
    Customer.objects.filter(pk=debt.customer_id).update(**fields)
    return debt


def missing_on_screen(debt: Receivable, operator: User) -> list[str]:
    """The fields that the wizard asks for before it goes on."""
    address = reverse("restriction_create", args=[debt.customer_id])
    page = Person(operator).open(address).press("Continuar")
    with pytest.raises(AssertionError, match="nothing says 'Negativar'"):
        page.press("Negativar")
    return page.labels


def test_s64_what_is_missing_is_asked_for_at_once_and_then_it_is_listed(
    debt: Receivable, operator: User
) -> None:
    without(debt, complement="", mobile="")
    assert len(refused(debt, operator)) == 2
    address = reverse("restriction_create", args=[debt.customer_id])
    page = Person(operator).open(address).press("Continuar")
    assert page.labels == ["Telefone celular", "Complemento"]
    page.fill("Complemento", "Casa")
    assert page.press("Salvar e continuar").problem("Telefone celular")
    page.fill("Telefone celular", "(11) 98765-4321")
    page.press("Salvar e continuar").follow("Continuar").press("Negativar")
    row = Restriction.objects.get()
    assert row.debtor["mobile"] == "11987654321"
    assert row.debtor["address"]["complement"] == "Casa"


@pytest.mark.parametrize("document", ["", "123", "1234567890A"])
def test_s65_no_customer_is_without_document(debt: Receivable, document: str) -> None:
    with pytest.raises(IntegrityError, match="customer_document_shape"), transaction.atomic():
        without(debt, document=document)


def test_s66_no_customer_is_without_name(debt: Receivable, operator: User) -> None:
    with pytest.raises(IntegrityError, match="customer_named"), transaction.atomic():
        without(debt, name="")
    page = Person(operator).open(reverse("customer_edit", args=[debt.customer_id]))
    page.fill("Nome ou razão social", "")
    assert page.press("Salvar").problem("Nome ou razão social")


def test_s67_sex_is_needed_of_people(debt: Receivable, branch: Branch, operator: User) -> None:
    assert refused(without(debt, sex=""), operator) == ["Falta preencher: Sexo."]
    assert missing_on_screen(debt, operator) == ["Sexo"]
    company = factories.receivable(factories.customer(branch, company=True))
    assert listed_by_hand(operator, company).debtor["sex"] is None


def test_s68_birth_date_is_needed_of_people(
    debt: Receivable, branch: Branch, operator: User
) -> None:
    without(debt, birth_date=None)
    assert refused(debt, operator) == ["Falta preencher: Data de nascimento."]
    assert missing_on_screen(debt, operator) == ["Data de nascimento"]
    company = factories.receivable(factories.customer(branch, company=True))
    assert listed_by_hand(operator, company).debtor["birth_date"] is None


@pytest.mark.parametrize("mobile", ["", "1133334444"])
def test_s69_a_mobile_number_is_needed(debt: Receivable, operator: User, mobile: str) -> None:
    [why] = refused(without(debt, mobile=mobile), operator)
    assert "celular" in why
    assert missing_on_screen(debt, operator) == ["Telefone celular"]


@pytest.mark.parametrize(
    ("field", "label"),
    [
        ("postal_code", "CEP"),
        ("street", "Endereço"),
        ("complement", "Complemento"),
        ("district", "Bairro"),
        ("city", "Cidade"),
        ("state", "UF"),
        ("number", "Número"),
    ],
)
def test_s70_every_part_of_the_address_is_needed(
    debt: Receivable, operator: User, field: str, label: str
) -> None:
    assert refused(without(debt, **{field: ""}), operator) == [f"Falta preencher: {label}."]
    assert missing_on_screen(debt, operator) == [label]


def test_s84_all_listings_are_in_one_list(debt: Receivable, operator: User) -> None:
    bare.listing(debt)
    removed = bare.listing(factories.receivable(debt.customer), Status.REMOVED)
    page = Person(operator).open("/").follow("Todas")
    assert len(page.rows) == 2
    page.fill("Situação", "Baixada")
    [row] = page.press("Buscar").rows
    assert row["Situação"] == "Baixada"
    assert row["Título"].startswith(removed.receivable.number)


def test_s84_the_report_narrows_and_sums_what_was_listed(debt: Receivable, operator: User) -> None:
    bare.listing(debt, amount=Decimal("1200.00"), actor=operator)
    removed = bare.listing(factories.receivable(debt.customer), Status.REMOVED)
    page = Person(operator).open("/").follow("Relatórios")
    page = page.follow("Relatório de Contas a Receber: Negativações de Crédito")
    assert page.address == reverse("report_restrictions")
    assert page.path[:2] == ["Relatórios", "Relatórios financeiros"]
    assert "2 negativações" in page.text
    page.fill("Situação", "Baixada")
    page = page.press("Filtrar")
    [row] = [row for row in page.rows if "Título" in row]
    assert row["Título"] == removed.receivable.number
    assert "1 negativação" in page.text
    page.fill("Situação", "Todas")
    page.fill("Forma", "Automática")
    assert "Nenhuma negativação com estes filtros" in page.press("Filtrar").text


def test_s85_listing_by_hand_is_shown_to_whoever_may(
    debt: Receivable, operator: User, attendant: User
) -> None:
    customer = reverse("customer_detail", args=[debt.customer_id])
    with pytest.raises(AssertionError, match="nothing says 'Negativar'"):
        Person(attendant).open(customer).follow("Negativar")
    row = listed_by_hand(operator, debt)
    assert (row.form, row.requested_by) == ("manual", operator)
    tab = Person(operator).open(customer).follow("Negativações")
    assert [(line["Forma"], line["Situação"]) for line in tab.rows] == [("Manual", "Na fila")]


def test_s86_removing_by_hand_says_why_and_by_whom(debt: Receivable, operator: User) -> None:
    row = bare.listing(debt)
    paid(operator, debt)
    todo = Person(operator).open("/").follow("Pagos e ainda negativados")
    assert debt.customer.name in todo.text
    removed_by_hand(operator, row, "Pagamento da dívida (código 01)")
    row.refresh_from_db()
    assert (row.status, row.removal_code) == ("removal_queued", "01")
    assert (row.removal_reason, row.removal_requested_by) == ("paid", operator)


@pytest.mark.django_db(transaction=True)
def test_s89_what_changed_at_the_bureau_is_read(
    integration: Integration, branch: Branch, operator: User, sandbox: Sandbox
) -> None:
    row = listed_by_hand(operator, factories.receivable(factories.customer(branch)))
    settled(row, "active")
    sandbox.force(row.protocol, "BAIXADA", codigo_baixa="96")
    assert row.status == "active"
    settled(row, "removed")
    page = Person(operator).open(reverse("restriction_detail", args=[row.pk]))
    assert "Do próprio birô: ordem judicial (código 96)" in page.text
    manager = factories.user(Role.FINANCE_MANAGER, branch)
    state = Person(manager).open(reverse("integration_detail", args=[integration.pk])).text
    assert "Sincronização Feita" in state
