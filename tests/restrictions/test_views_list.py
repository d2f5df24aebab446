"""All listings, those paid and still listed, and the search."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.integrations.models import ReasonCode
from regua.organization.models import Branch
from regua.receivables.changes import changed
from regua.receivables.models import Receivable
from regua.restrictions.choices import Status
from regua.restrictions.models import Restriction
from regua.web import formats
from tests import factories
from tests.restrictions import bare

pytestmark = pytest.mark.django_db
LIST = "/negativacoes/"
PAID = "/negativacoes/pagos/"


@pytest.fixture(autouse=True)
def _integration(branch: Branch) -> None:
    bare.integration(branch)


def debt(branch: Branch, name: str = "Maria Exemplo") -> Receivable:
    return factories.receivable(factories.customer(branch, name=name))


def shown(client: Client, **query: str) -> set[Restriction]:
    return set(client.get(LIST, query).context["page"])


def test_three_actors(
    client: Client, branch: Branch, operator: User, attendant: User, outsider: User
) -> None:
    row = bare.listing(debt(branch))
    client.force_login(operator)
    assert shown(client) == {row}
    client.force_login(outsider)
    assert shown(client) == set()
    assert client.get(reverse("customer_restrictions", args=[row.customer_id])).status_code == 404
    client.force_login(attendant)
    for address in (LIST, PAID):
        refused = client.get(address)
        assert refused.status_code == 403
        assert "ver negativações" in refused.content.decode()


def test_filters(client: Client, branch: Branch, operator: User) -> None:
    active = bare.listing(debt(branch), Status.ACTIVE)
    removed = bare.listing(debt(branch), Status.REMOVED)
    doubtful = bare.listing(
        debt(branch), Status.QUEUED, unknown=True, attempts=1, problem="O birô não respondeu."
    )
    leaving = bare.listing(debt(branch), Status.QUEUED, unknown=True, attempts=1)
    client.force_login(operator)
    assert shown(client, situacao="em-curso") == {active, doubtful, leaving}
    assert shown(client, situacao="removed") == {removed}
    assert shown(client, situacao="esclarecer") == {doubtful}
    assert shown(client, forma="automatic") == set()
    day = f"{timezone.localdate():%d/%m/%Y}"
    tomorrow = f"{timezone.localdate() + timedelta(days=1):%d/%m/%Y}"
    assert len(shown(client, de=day, ate=day)) == 4
    assert shown(client, de=tomorrow) == set()
    page = client.get(LIST).content.decode()
    assert page.count("tone-unsettled") == 1


def test_search_in_the_list(client: Client, branch: Branch, operator: User) -> None:
    row = bare.listing(debt(branch, "Joana Prado"))
    bare.listing(debt(branch, "Outra Pessoa"))
    client.force_login(operator)
    for text in (
        "joana",
        formats.document(row.customer.document),
        row.protocol,
        row.our_number,
    ):
        assert shown(client, q=text) == {row}, text


@pytest.mark.parametrize(
    "query",
    [
        {"situacao": "?"},
        {"de": "ontem"},
        {"de": "31/02/2026"},
        {"filial": "999999999999999999999"},
        {"q": "a\x00"},
        {"cursor": "x"},
        {"forma": "?"},
    ],
)
def test_what_cannot_be_read_is_ignored(
    client: Client, branch: Branch, operator: User, query: dict[str, str]
) -> None:
    row = bare.listing(debt(branch))
    client.force_login(operator)
    assert shown(client, **query) == {row}


def test_extreme_dates(client: Client, operator: User) -> None:
    client.force_login(operator)
    for day in ("01/01/0001", "31/12/9999"):
        assert client.get(LIST, {"de": day, "ate": day}).status_code == 200


@pytest.mark.parametrize("address", [LIST, PAID])
def test_a_page_costs_the_same_for_one_and_for_many(
    client: Client, branch: Branch, operator: User, address: str
) -> None:
    client.force_login(operator)

    def grow(count: int) -> None:
        for _ in range(count):
            owed = debt(branch)
            bare.listing(owed)
            bare.pay(owed)

    grow(1)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    grow(7)
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(few)


def test_the_customers_tab_keeps_the_history(
    client: Client, branch: Branch, operator: User
) -> None:
    owed = debt(branch)
    bare.listing(owed, Status.REMOVED, removal_reason="paid", removal_code="01", protocol="OLD")
    bare.listing(owed, Status.ACTIVE)
    client.force_login(operator)
    page = client.get(reverse("customer_restrictions", args=[owed.customer_id]))
    assert [r.status for r in page.context["live"]] == [Status.ACTIVE]
    assert [r.status for r in page.context["page"]] == [Status.REMOVED]
    assert "Pagamento da dívida" in page.content.decode()


# --- Paid and still listed ---------------------------------------------------------------------


def paid(branch: Branch, status: Status = Status.ACTIVE, **fields: Any) -> Restriction:
    owed = debt(branch)
    row = bare.listing(owed, status, **fields)
    bare.pay(owed)
    return row


def test_only_those_that_must_come_off(client: Client, branch: Branch, operator: User) -> None:
    row = paid(branch)
    bare.listing(debt(branch))
    paid(branch, Status.REMOVED)
    client.force_login(operator)
    assert [r["restriction"] for r in client.get(PAID).context["rows"]] == [row]


def test_asked_off_after_a_look(client: Client, branch: Branch, operator: User) -> None:
    first, second = paid(branch), paid(branch, Status.NOTIFIED)
    still_owed = bare.listing(debt(branch))
    client.force_login(operator)
    chosen = {"pk": [first.pk, second.pk, still_owed.pk, "x", "9" * 30]}
    look = client.post(PAID, chosen).content.decode()
    assert "Pedir a baixa de 2 negativações" in look
    assert not Restriction.objects.filter(status=Status.REMOVAL_QUEUED).exists()
    done = client.post(PAID, {**chosen, "confirmado": "sim"}, follow=True)
    assert "Baixa pedida para 2 negativações." in done.content.decode()
    asked = Restriction.objects.filter(status=Status.REMOVAL_QUEUED)
    assert set(asked.values_list("pk", flat=True)) == {first.pk, second.pk}
    assert set(asked.values_list("removal_code", flat=True)) == {"01"}
    again = client.post(PAID, {**chosen, "confirmado": "sim"}, follow=True)
    assert "Nada foi pedido" in again.content.decode()


def test_each_failure_is_told_and_does_not_stop_the_others(
    client: Client, branch: Branch, operator: User
) -> None:
    good = paid(branch)
    cancelled = debt(branch, "Cancelada da Silva")
    bad = bare.listing(cancelled)
    Receivable.objects.filter(pk=cancelled.pk).update(status="cancelled")
    changed([cancelled.pk])
    assert not ReasonCode.objects.filter(reason="debt_cancelled").exists()
    client.force_login(operator)
    page = client.post(PAID, {"pk": [good.pk, bad.pk], "confirmado": "sim"}, follow=True)
    text = page.content.decode()
    assert "Baixa pedida para 1 negativação." in text
    assert f"Negativação nº {bad.pk}, Cancelada da Silva: O birô não tem código" in text
    bad.refresh_from_db()
    assert bad.status == Status.ACTIVE


def test_who_may_not_ask_off(
    client: Client, branch: Branch, attendant: User, outsider: User
) -> None:
    row = paid(branch)
    chosen = {"pk": [row.pk], "confirmado": "sim"}
    client.force_login(factories.user(Role.AUDIT))
    assert "data-rows-all" not in client.get(PAID).content.decode()
    assert client.post(PAID, chosen).status_code == 403
    client.force_login(attendant)
    assert client.post(PAID, chosen).status_code == 403
    client.force_login(outsider)
    client.post(PAID, chosen)
    row.refresh_from_db()
    assert row.status == Status.ACTIVE


# --- The search in the top bar -----------------------------------------------------------------


def goes_to(client: Client, text: str) -> str:
    return str(client.get("/buscar/", {"q": text})["Location"])


def test_search_goes_straight_to_what_is_meant(
    client: Client, branch: Branch, operator: User
) -> None:
    row = bare.listing(debt(branch, "Joana Prado"))
    factories.customer(branch, name="Pedro Um")
    factories.customer(branch, name="Pedro Dois")
    client.force_login(operator)
    customer = reverse("customer_detail", args=[row.customer_id])
    assert goes_to(client, formats.document(row.customer.document)) == customer
    assert goes_to(client, "joana") == customer
    assert goes_to(client, row.protocol) == reverse("restriction_detail", args=[row.pk])
    receivables = reverse("customer_receivables", args=[row.customer_id])
    assert goes_to(client, row.our_number) == f"{receivables}?titulo={row.receivable_id}"
    assert goes_to(client, "pedro") == "/clientes/?q=pedro"
    assert goes_to(client, "ninguém") == "/clientes/?q=ningu%C3%A9m"
    for text in ("", "  ", "\x00"):
        assert goes_to(client, text) == "/clientes/"


def test_search_finds_nothing_of_others(client: Client, branch: Branch, outsider: User) -> None:
    row = bare.listing(debt(branch))
    client.force_login(outsider)
    for text in (row.protocol, row.our_number, row.customer.document):
        assert goes_to(client, text) == f"/clientes/?q={text}"


# --- Many off at once, from the list and from the customer's tab ---------------------------------


@pytest.mark.parametrize("place", ["list", "tab"])
def test_asked_off_in_bulk_for_a_chosen_reason(
    client: Client, branch: Branch, operator: User, place: str
) -> None:
    customer = factories.customer(branch)
    first, second = (bare.listing(factories.receivable(customer)) for _ in range(2))
    waiting = bare.listing(factories.receivable(customer), Status.QUEUED)
    address = LIST if place == "list" else reverse("customer_restrictions", args=[customer.pk])
    client.force_login(operator)
    assert f'name="pk" value="{first.pk}"' in client.get(address).content.decode()
    chosen = {"pk": [first.pk, second.pk, waiting.pk], "reason": "renegotiated"}
    look = client.post(address, chosen)
    text = look.content.decode()
    assert "Pedir a baixa de 2 negativações?" in text
    assert "(código 19): 2" in text
    assert "2 títulos ainda estão em aberto" in text
    assert "Ficam de fora" in text
    assert "Cancele o pedido" in text
    assert formats.brl(first.amount + second.amount) in text
    assert not Restriction.objects.filter(status=Status.REMOVAL_QUEUED).exists()
    client.post(address, {**chosen, "confirmado": "sim"})
    asked = Restriction.objects.filter(status=Status.REMOVAL_QUEUED)
    assert set(asked) == {first, second}
    assert set(asked.values_list("removal_reason", "removal_code")) == {("renegotiated", "19")}
    again = client.post(address, {**chosen, "confirmado": "sim"}).content.decode()
    assert "Nada foi pedido" in again
    assert "já foi pedida" in again


def test_a_reason_of_each_debt_or_none(client: Client, branch: Branch, operator: User) -> None:
    owed, settled = bare.listing(debt(branch, "Deve Ainda")), paid(branch)
    client.force_login(operator)
    look = client.post(LIST, {"pk": [owed.pk, settled.pk], "reason": ""}).content.decode()
    assert "(código 01): 1" in look
    assert "O título ainda está em aberto: escolha o motivo" in look
    wrong = client.post(LIST, {"pk": [owed.pk], "reason": "porque sim"}, follow=True)
    assert "escolha o motivo da baixa" in wrong.content.decode()
    assert not Restriction.objects.filter(status=Status.REMOVAL_QUEUED).exists()


@pytest.mark.parametrize("place", ["list", "tab"])
def test_who_may_not_ask_off_in_bulk(
    client: Client, branch: Branch, attendant: User, outsider: User, place: str
) -> None:
    row = bare.listing(debt(branch))
    address = LIST if place == "list" else reverse("customer_restrictions", args=[row.customer_id])
    chosen = {"pk": [row.pk], "reason": "paid", "confirmado": "sim"}
    client.force_login(factories.user(Role.AUDIT))
    assert "data-rows-all" not in client.get(address).content.decode()
    assert client.post(address, chosen).status_code == 403
    client.force_login(attendant)
    assert client.post(address, chosen).status_code == 403
    client.force_login(outsider)
    answer = client.post(address, chosen, follow=True)
    assert answer.status_code == (200 if place == "list" else 404)
    row.refresh_from_db()
    assert row.status == Status.ACTIVE


def test_another_customers_listing_is_not_asked_off_from_a_tab(
    client: Client, branch: Branch, operator: User
) -> None:
    row, other = bare.listing(debt(branch)), bare.listing(debt(branch))
    client.force_login(operator)
    address = reverse("customer_restrictions", args=[row.customer_id])
    client.post(address, {"pk": [other.pk], "reason": "paid", "confirmado": "sim"})
    other.refresh_from_db()
    assert other.status == Status.ACTIVE
