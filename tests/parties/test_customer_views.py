"""The customers' list and the customer's own page, as three people see them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.organization.models import Branch
from regua.parties.models import Customer, DocumentReveal
from regua.web import formats
from tests import factories
from tests.restrictions import bare

pytestmark = pytest.mark.django_db
LIST = "/clientes/"


@pytest.fixture
def maria(branch: Branch) -> Customer:
    return factories.customer(branch, name="Maria Aparecida Araújo")


def names(client: Client, **query: str) -> set[str]:
    rows = client.get(LIST, query).context["rows"]
    return {row["party"].name for row in rows}


def test_each_sees_the_customers_of_their_branches(
    client: Client, maria: Customer, operator: User, attendant: User, outsider: User
) -> None:
    for actor in (operator, attendant):
        client.force_login(actor)
        assert names(client) == {maria.name}
        assert client.get(reverse("customer_detail", args=[maria.pk])).status_code == 200
    client.force_login(outsider)
    assert names(client) == set()
    for name in ("customer_detail", "customer_edit", "customer_receivables"):
        assert client.get(reverse(name, args=[maria.pk])).status_code == 404


def test_nobody_enters_without_signing_in(client: Client, maria: Customer) -> None:
    assert client.get(LIST).status_code == 302


def test_found_by_words_or_by_the_whole_document(
    client: Client, branch: Branch, maria: Customer, operator: User
) -> None:
    other = factories.customer(branch, name="José Carlos")
    client.force_login(operator)
    assert names(client, q="araujo mar") == {maria.name}
    assert names(client, q=formats.document(other.document)) == {other.name}
    assert names(client, q="ninguém") == set()
    assert b"Nenhum cliente assim" in client.get(LIST, {"q": "ninguém"}).content


def test_situations(client: Client, branch: Branch, maria: Customer, operator: User) -> None:
    bare.integration(branch)
    late = factories.customer(branch, name="Deve e Vencido")
    factories.receivable(late)
    listed = factories.customer(branch, name="Negativado")
    debt = factories.receivable(listed)
    bare.listing(debt)
    bare.pay(debt)
    client.force_login(operator)
    assert names(client, situacao="vencido") == {late.name}
    assert names(client, situacao="negativado") == {listed.name}
    assert names(client, situacao="nada") == {maria.name}
    page = client.get(LIST).content.decode()
    assert formats.brl("129.90") in page
    assert "Ativa" in page


def test_who_may_not_see_debts_sees_no_trace_of_them(
    client: Client, branch: Branch, attendant: User
) -> None:
    factories.receivable(factories.customer(branch))
    client.force_login(attendant)
    page = client.get(LIST)
    assert "situacao" not in page.context["form"].fields
    assert formats.brl("129.90") not in page.content.decode()
    detail = client.get(reverse("customer_detail", args=[Customer.objects.get().pk]))
    labels = {tab["label"] for tab in detail.context["tabs"]}
    assert "Títulos" not in labels
    assert "Negativações de crédito" not in labels


def test_inactive_and_branch(
    client: Client, branch: Branch, other_branch: Branch, administrator: User, maria: Customer
) -> None:
    gone = factories.customer(other_branch, name="Foi Embora", active=False)
    client.force_login(administrator)
    assert names(client, ativo="nao") == {gone.name}
    assert names(client, filial=str(branch.pk)) == {maria.name}


@pytest.mark.parametrize(
    "query",
    [
        {"situacao": "qualquer"},
        {"filial": "99999999999999999999"},
        {"ativo": "talvez"},
        {"cursor": "lixo"},
        {"q": "a\x00b"},
        {"q": "' & ! |"},
        {"q": "x" * 5000},
    ],
)
def test_what_cannot_be_read_is_ignored(
    client: Client, maria: Customer, operator: User, query: dict[str, str]
) -> None:
    client.force_login(operator)
    assert client.get(LIST, query).status_code == 200


def test_a_page_costs_the_same_for_one_customer_and_for_many(
    client: Client, branch: Branch, operator: User, django_assert_num_queries: Any
) -> None:
    bare.integration(branch)
    client.force_login(operator)

    def grow(count: int) -> None:
        for _ in range(count):
            bare.listing(factories.receivable(factories.customer(branch)))

    grow(1)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    grow(8)
    with django_assert_num_queries(len(few)):
        client.get(LIST)


def test_pages_keep_the_filters(client: Client, branch: Branch, operator: User) -> None:
    for number in range(53):
        factories.customer(branch, name=f"Cliente {number:03}")
    client.force_login(operator)
    first = client.get(LIST, {"q": "cliente", "ativo": "sim"})
    assert len(first.context["rows"]) == 50
    cursor = first.context["page"].next_cursor
    second = client.get(LIST, {"q": "cliente", "ativo": "sim", "cursor": cursor})
    assert [r["party"].name for r in second.context["rows"]] == [
        "Cliente 050",
        "Cliente 051",
        "Cliente 052",
    ]
    assert b"ativo=sim" in second.content


# --- The document ------------------------------------------------------------------------------


def test_a_document_is_masked_until_shown_and_who_saw_it_is_kept(
    client: Client, maria: Customer, operator: User
) -> None:
    client.force_login(operator)
    whole = formats.document(maria.document)
    assert whole not in client.get(reverse("customer_detail", args=[maria.pk])).content.decode()
    address = reverse("customer_reveal", args=[maria.pk])
    assert client.get(address).status_code == 405
    assert not DocumentReveal.objects.exists()
    shown = client.post(address)
    assert whole in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert whole in client.post(address, headers={"HX-Request": "true"}).content.decode()
    kept = DocumentReveal.objects.first()
    assert kept is not None
    assert (kept.actor, kept.document) == (operator, maria.document)
    assert kept.subject == f"customer:{maria.pk}"
    assert DocumentReveal.objects.count() == 2


def test_who_may_not_see_it_is_refused(
    client: Client, maria: Customer, attendant: User, outsider: User
) -> None:
    address = reverse("customer_reveal", args=[maria.pk])
    client.force_login(attendant)
    page = client.get(reverse("customer_detail", args=[maria.pk]))
    assert address not in page.content.decode()
    refused = client.post(address)
    assert refused.status_code == 403
    assert "ver o documento por inteiro" in refused.content.decode()
    client.force_login(outsider)
    assert client.post(address).status_code == 404
    assert not DocumentReveal.objects.exists()


def test_what_was_shown_cannot_be_rewritten(
    client: Client, maria: Customer, operator: User
) -> None:
    client.force_login(operator)
    client.post(reverse("customer_reveal", args=[maria.pk]))
    for change in (
        lambda: DocumentReveal.objects.update(document="00000000000"),
        lambda: DocumentReveal.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


# --- The record --------------------------------------------------------------------------------


def record(customer: Customer, **changes: str) -> dict[str, str]:
    return {
        "name": customer.name,
        "sex": "F",
        "birth_date": "12/04/1985",
        "mobile": "(11) 98765-4321",
        "email": "",
        "postal_code": "01310-100",
        "street": "Rua A",
        "number": "1",
        "complement": "Casa",
        "district": "Centro",
        "city": "São Paulo",
        "state": "SP",
        "dunned": "True",
        **changes,
    }


def test_what_is_missing_to_list_is_marked(client: Client, branch: Branch, operator: User) -> None:
    partial = factories.customer(branch, sex="", complement="", mobile="1133334444")
    client.force_login(operator)
    page = client.get(reverse("customer_detail", args=[partial.pk])).content.decode()
    assert page.count("Falta para negativar.") == 2
    assert "pede um celular" in page
    assert "faltam 3 dados" in page
    assert (
        "Falta para negativar."
        in client.get(reverse("customer_edit", args=[partial.pk])).content.decode()
    )


def test_a_company_has_neither_sex_nor_birth_date(
    client: Client, branch: Branch, operator: User
) -> None:
    company = factories.customer(branch, company=True)
    client.force_login(operator)
    form = client.get(reverse("customer_edit", args=[company.pk])).context["form"]
    assert not {"sex", "birth_date"} & set(form.fields)
    page = client.get(reverse("customer_detail", args=[company.pk])).content.decode()
    assert "Data de nascimento" not in page


def test_edit(client: Client, maria: Customer, operator: User) -> None:
    client.force_login(operator)
    address = reverse("customer_edit", args=[maria.pk])
    answer = client.post(address, record(maria, name="Maria Nova", street="Rua Nova"))
    assert answer["Location"] == reverse("customer_detail", args=[maria.pk])
    maria.refresh_from_db()
    assert (maria.name, maria.search_name, maria.street) == ("Maria Nova", "maria nova", "Rua Nova")
    assert (maria.postal_code, maria.mobile) == ("01310100", "11987654321")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 121),
        ("birth_date", "31/02/1990"),
        ("birth_date", "FUTURE"),
        ("birth_date", "01/01/0198"),
        ("mobile", "123"),
        ("email", "nada"),
        ("postal_code", "1"),
        ("state", "XX"),
        ("sex", "Z"),
        ("street", "a\x00b"),
        ("dunned", ""),
        ("dunned", "talvez"),
        ("group", "999999"),
        ("group", "x\x00"),
    ],
)
def test_a_wrong_field_is_told_and_nothing_is_saved(
    client: Client, maria: Customer, operator: User, field: str, value: str
) -> None:
    if value == "FUTURE":
        value = f"{timezone.localdate() + timedelta(days=2):%d/%m/%Y}"
    client.force_login(operator)
    address = reverse("customer_edit", args=[maria.pk])
    answer = client.post(address, record(maria, **{"street": "Rua Nova", field: value}))
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    maria.refresh_from_db()
    assert maria.street == factories.ADDRESS["street"]


def test_who_may_not_edit(client: Client, maria: Customer, attendant: User, outsider: User) -> None:
    address = reverse("customer_edit", args=[maria.pk])
    client.force_login(attendant)
    assert client.post(address, record(maria, name="Outra")).status_code == 403
    assert address not in client.get(reverse("customer_detail", args=[maria.pk])).content.decode()
    client.force_login(outsider)
    assert client.post(address, record(maria, name="Outra")).status_code == 404
    maria.refresh_from_db()
    assert maria.name == "Maria Aparecida Araújo"


@pytest.mark.parametrize("target", ["https://mal.example/", "//mal.example", "javascript:x"])
def test_saving_leads_nowhere_else(
    client: Client, maria: Customer, operator: User, target: str
) -> None:
    client.force_login(operator)
    address = reverse("customer_edit", args=[maria.pk])
    answer = client.post(address, {**record(maria), "proximo": target})
    assert answer["Location"] == reverse("customer_detail", args=[maria.pk])
