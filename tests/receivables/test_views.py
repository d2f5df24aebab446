"""The customer's receivables and recording a payment, as three people see them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.organization.models import Branch
from regua.receivables.models import Payment, Receivable
from regua.restrictions.choices import Status
from tests import factories
from tests.restrictions import bare

pytestmark = pytest.mark.django_db


@pytest.fixture
def owed(branch: Branch) -> Receivable:
    return factories.receivable(factories.customer(branch), amount=Decimal("100.00"))


def tab(receivable: Receivable) -> str:
    return reverse("customer_receivables", args=[receivable.customer_id])


def pay(receivable: Receivable) -> str:
    return reverse("payment_create", args=[receivable.pk])


def payment(**changes: str) -> dict[str, str]:
    return {"amount": "100,00", "paid_on": f"{timezone.localdate():%d/%m/%Y}", **changes}


def test_who_sees_the_receivables(
    client: Client, owed: Receivable, operator: User, attendant: User, outsider: User
) -> None:
    client.force_login(operator)
    assert owed.number in client.get(tab(owed)).content.decode()
    client.force_login(attendant)
    assert client.get(tab(owed)).status_code == 403
    client.force_login(outsider)
    assert client.get(tab(owed)).status_code == 404
    assert client.get(pay(owed)).status_code == 404


def test_filters(client: Client, owed: Receivable, operator: User) -> None:
    customer = owed.customer
    later = factories.receivable(customer, days_overdue=-10)
    received = factories.receivable(customer, status="received", open_amount=Decimal(0))
    client.force_login(operator)

    def shown(**query: str) -> set[Receivable]:
        return {row["receivable"] for row in client.get(tab(owed), query).context["rows"]}

    assert shown() == {owed, later, received}
    assert shown(situacao="vencidos") == {owed}
    assert shown(situacao="abertos") == {owed, later}
    assert shown(situacao="recebidos") == {received}
    assert shown(situacao="cancelados") == set()
    assert shown(titulo=str(received.pk)) == {received}
    for odd in ({"situacao": "?"}, {"titulo": "²"}, {"titulo": "9" * 30}, {"cursor": "x"}):
        assert shown(**odd) == {owed, later, received}


def test_the_tab_costs_the_same_for_one_and_for_many(
    client: Client, branch: Branch, owed: Receivable, operator: User
) -> None:
    bare.integration(branch)
    bare.listing(owed)
    client.force_login(operator)
    with CaptureQueriesContext(connection) as few:
        client.get(tab(owed))
    for _ in range(6):
        bare.listing(factories.receivable(owed.customer))
    with CaptureQueriesContext(connection) as many:
        client.get(tab(owed))
    assert len(many) == len(few)


def test_pay_all(client: Client, owed: Receivable, operator: User) -> None:
    client.force_login(operator)
    form = client.get(pay(owed))
    assert "100,00" in form.content.decode()
    answer = client.post(pay(owed), payment(), follow=True)
    assert "O título está quitado." in answer.content.decode()
    owed.refresh_from_db()
    assert (owed.status, Payment.objects.get().recorded_by) == ("received", operator)
    again = client.post(pay(owed), payment(), follow=True)
    assert "não está em aberto" in again.content.decode()
    assert Payment.objects.count() == 1


def test_pay_a_part(client: Client, owed: Receivable, operator: User) -> None:
    client.force_login(operator)
    answer = client.post(pay(owed), payment(amount="40"), follow=True)
    page = answer.content.decode().replace("\xa0", " ")
    assert "Ainda faltam R$ 60,00." in page
    assert "Pago em parte" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", ""),
        ("amount", "0"),
        ("amount", "-5"),
        ("amount", "100,01"),
        ("amount", "cem"),
        ("amount", "1" * 40),
        ("paid_on", ""),
        ("paid_on", "31/02/2026"),
        ("paid_on", "01/01/2999"),
        ("available_on", "01/01/2001"),
    ],
)
def test_a_wrong_payment_is_told_and_not_recorded(
    client: Client, owed: Receivable, operator: User, field: str, value: str
) -> None:
    client.force_login(operator)
    answer = client.post(pay(owed), payment(**{field: value}))
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert not Payment.objects.exists()


def test_who_may_not_record_payments(
    client: Client, owed: Receivable, administrator: User, outsider: User
) -> None:
    from regua.accounts.permissions import Role

    client.force_login(factories.user(Role.AUDIT))
    assert pay(owed) not in client.get(tab(owed)).content.decode()
    refused = client.post(pay(owed), payment())
    assert refused.status_code == 403
    assert "registrar pagamentos" in refused.content.decode()
    client.force_login(outsider)
    assert client.post(pay(owed), payment()).status_code == 404
    assert not Payment.objects.exists()


def test_paying_a_listed_debt_says_that_the_listing_stays(
    client: Client, branch: Branch, owed: Receivable, operator: User
) -> None:
    bare.integration(branch)
    row = bare.listing(owed)
    client.force_login(operator)
    assert f"negativação nº {row.pk}" in client.get(pay(owed)).content.decode()
    page = client.post(pay(owed), payment(), follow=True).content.decode()
    assert "Pagar não tira a negativação" in page
    assert reverse("removal_create", args=[row.pk]) in page
    row.refresh_from_db()
    assert row.status == Status.ACTIVE


@pytest.mark.parametrize(
    ("change", "link", "reason"),
    [
        ({}, True, ""),
        ({"disputed": True}, False, "contesta"),
        ({"days_overdue": -3}, False, ""),
    ],
)
def test_each_row_says_whether_it_can_be_listed(
    client: Client,
    branch: Branch,
    operator: User,
    change: dict[str, Any],
    link: bool,
    reason: str,
) -> None:
    bare.integration(branch)
    debt = factories.receivable(factories.customer(branch), **change)
    client.force_login(operator)
    page = client.get(tab(debt)).content.decode()
    assert (f"titulo={debt.pk}" in page) is link
    assert reason in page
