"""Listing a customer's debt, step by step, in the browser."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from regua.accounts.models import User
from regua.integrations.models import Integration, ReasonCode
from regua.organization.models import Branch
from regua.receivables.models import Receivable
from regua.restrictions.choices import Status
from regua.restrictions.models import Restriction
from tests import factories
from tests.restrictions import bare

pytestmark = pytest.mark.django_db
CONFIRM = {"etapa": "confirmar", "restriction_code": "TI"}


@pytest.fixture
def owed(branch: Branch) -> Receivable:
    bare.integration(branch)
    return factories.receivable(factories.customer(branch))


def wizard(receivable: Receivable, *, chosen: bool = True) -> str:
    address = reverse("restriction_create", args=[receivable.customer_id])
    return f"{address}?titulo={receivable.pk}" if chosen else address


def test_choose_look_and_confirm(client: Client, owed: Receivable, operator: User) -> None:
    client.force_login(operator)
    choose = client.get(wizard(owed, chosen=False)).content.decode()
    assert f"?titulo={owed.pk}" in choose
    look = client.get(wizard(owed))
    page = look.content.decode()
    assert "Súmula STJ 323" in page
    assert "TI · Serviço de dados" in page
    assert "NF · Nota fiscal" not in page
    assert owed.customer.document not in page
    assert not Restriction.objects.exists()

    answer = client.post(wizard(owed), CONFIRM)
    row = Restriction.objects.get()
    assert answer["Location"] == reverse("restriction_detail", args=[row.pk])
    assert (row.status, row.restriction_code, row.requested_by) == (Status.QUEUED, "TI", operator)


def test_a_company_gets_its_own_code(client: Client, branch: Branch, operator: User) -> None:
    bare.integration(branch)
    debt = factories.receivable(factories.customer(branch, company=True))
    client.force_login(operator)
    form = client.get(wizard(debt)).context["form"]
    assert form["restriction_code"].value() == "NF"
    assert [code for code, _ in form.fields["restriction_code"].choices] == ["NF", "OO"]


def test_two_clicks_make_one_listing(client: Client, owed: Receivable, operator: User) -> None:
    client.force_login(operator)
    first = client.post(wizard(owed), CONFIRM)
    second = client.post(wizard(owed), CONFIRM, follow=True)
    assert second.redirect_chain[0][0] == first["Location"]
    assert "Nada foi enviado de novo" in second.content.decode()
    assert Restriction.objects.count() == 1


def test_what_is_missing_is_asked_all_at_once_and_kept(
    client: Client, owed: Receivable, operator: User
) -> None:
    customer = owed.customer
    customer.sex = customer.mobile = customer.complement = ""
    customer.birth_date = None
    customer.save()
    client.force_login(operator)
    form = client.get(wizard(owed)).context["form"]
    assert list(form.fields) == ["sex", "birth_date", "mobile", "complement"]

    # The confirmation of a page left open does not go round what is missing.
    assert client.post(wizard(owed), CONFIRM).status_code == 200
    given = {
        "etapa": "dados",
        "sex": "M",
        "birth_date": "01/02/1980",
        "mobile": "(11) 98888-7777",
        "complement": "Casa",
        "name": "Outro Nome",
    }
    for wrong in ({"mobile": "(11) 3333-4444"}, {"birth_date": ""}, {"sex": "Z"}):
        answer = client.post(wizard(owed), {**given, **wrong})
        assert answer.context["form"].errors
        customer.refresh_from_db()
        assert customer.complement == ""
    answer = client.post(wizard(owed), given)
    assert answer["Location"] == wizard(owed)
    customer.refresh_from_db()
    assert (customer.sex, customer.birth_date) == ("M", date(1980, 2, 1))
    assert (customer.mobile, customer.complement) == ("11988887777", "Casa")
    assert customer.name != "Outro Nome"
    assert not Restriction.objects.exists()
    client.post(wizard(owed), CONFIRM)
    assert Restriction.objects.get().debtor["address"]["complement"] == "Casa"


def test_a_company_is_not_asked_for_sex(client: Client, branch: Branch, operator: User) -> None:
    bare.integration(branch)
    company = factories.customer(branch, company=True, complement="")
    client.force_login(operator)
    form = client.get(wizard(factories.receivable(company))).context["form"]
    assert list(form.fields) == ["complement"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"days_overdue": -5}, "ainda não venceu"),
        ({"days_overdue": 2000}, "cinco anos"),
        ({"disputed": True}, "contesta"),
        ({"renegotiated": True}, "renegociado"),
        ({"awaiting_confirmation": True}, "aguardando confirmação"),
    ],
)
def test_what_cannot_be_listed_says_why(
    client: Client, branch: Branch, operator: User, change: dict[str, Any], sentence: str
) -> None:
    bare.integration(branch)
    debt = factories.receivable(factories.customer(branch), **change)
    client.force_login(operator)
    choose = client.get(wizard(debt, chosen=False)).content.decode()
    assert sentence in choose
    assert f"?titulo={debt.pk}" not in choose
    look = client.get(wizard(debt)).content.decode()
    assert sentence in look
    assert 'form="negativar"' not in look
    refused = client.post(wizard(debt), CONFIRM, follow=True)
    assert sentence in refused.content.decode()
    assert not Restriction.objects.exists()


def test_a_paid_debt_cannot_be_listed(client: Client, owed: Receivable, operator: User) -> None:
    bare.pay(owed)
    client.force_login(operator)
    assert "Nenhum título em aberto" in client.get(wizard(owed, chosen=False)).content.decode()
    client.post(wizard(owed), CONFIRM)
    assert not Restriction.objects.exists()


@pytest.mark.parametrize("code", ["", "NF", "ZZ", "01", "a\x00b"])
def test_a_code_that_is_not_of_the_list(
    client: Client, owed: Receivable, operator: User, code: str
) -> None:
    client.force_login(operator)
    answer = client.post(wizard(owed), {**CONFIRM, "restriction_code": code})
    assert answer.status_code == 200
    assert "restriction_code" in answer.context["form"].errors
    assert not Restriction.objects.exists()


def test_without_codes_it_says_where_they_come_from(
    client: Client, owed: Receivable, operator: User
) -> None:
    ReasonCode.objects.all().delete()
    client.force_login(operator)
    page = client.get(wizard(owed)).content.decode()
    assert "Atualizar códigos de restrição" in page
    assert 'form="negativar"' not in page


def test_without_integration_it_says_what_is_missing(
    client: Client, owed: Receivable, operator: User
) -> None:
    Integration.objects.update(linked_at=None)
    client.force_login(operator)
    assert "aba Integrações" in client.get(wizard(owed)).content.decode()
    assert client.post(wizard(owed), CONFIRM).status_code == 200
    page = client.get(reverse("customer_detail", args=[owed.customer_id])).content.decode()
    assert "não tem integração vinculada" in page
    assert not Restriction.objects.exists()


def test_who_may_not_list(
    client: Client, owed: Receivable, attendant: User, outsider: User
) -> None:
    client.force_login(attendant)
    customer = reverse("customer_detail", args=[owed.customer_id])
    assert wizard(owed, chosen=False) not in client.get(customer).content.decode()
    refused = client.post(wizard(owed), CONFIRM)
    assert refused.status_code == 403
    assert "negativar" in refused.content.decode()
    client.force_login(outsider)
    assert client.get(wizard(owed)).status_code == 404
    assert client.post(wizard(owed), CONFIRM).status_code == 404
    assert not Restriction.objects.exists()


@pytest.mark.parametrize("choice", ["0", "-1", "²", "abc", "9" * 40, ""])
def test_a_debt_that_is_not_there_gives_the_list(
    client: Client, owed: Receivable, operator: User, choice: str
) -> None:
    client.force_login(operator)
    address = wizard(owed, chosen=False)
    assert client.get(address, {"titulo": choice}).status_code == 200
    assert client.post(f"{address}?titulo={choice}", CONFIRM).status_code == 200
    assert not Restriction.objects.exists()


def test_another_customers_debt_cannot_be_chosen(
    client: Client, owed: Receivable, branch: Branch, operator: User
) -> None:
    someone = factories.customer(branch)
    client.force_login(operator)
    address = reverse("restriction_create", args=[someone.pk])
    client.post(f"{address}?titulo={owed.pk}", CONFIRM)
    assert not Restriction.objects.exists()


def test_the_header_says_why_nothing_can_be_listed(
    client: Client, owed: Receivable, operator: User
) -> None:
    client.force_login(operator)
    customer = reverse("customer_detail", args=[owed.customer_id])
    assert wizard(owed, chosen=False) in client.get(customer).content.decode()
    bare.listing(owed)
    assert "já estão negativados" in client.get(customer).content.decode()
    bare.pay(owed)
    assert "Nenhum título vencido e em aberto" in client.get(customer).content.decode()


def test_the_choice_costs_the_same_for_one_debt_and_for_many(
    client: Client, owed: Receivable, operator: User
) -> None:
    client.force_login(operator)
    with CaptureQueriesContext(connection) as few:
        client.get(wizard(owed, chosen=False))
    for _ in range(6):
        bare.listing(factories.receivable(owed.customer, amount=Decimal("10.00")))
    with CaptureQueriesContext(connection) as many:
        client.get(wizard(owed, chosen=False))
    assert len(many) == len(few)
