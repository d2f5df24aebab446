"""Listing a customer's debt, step by step, in the browser."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.calendar import last_day_listed
from regua.compliance.models import NoticeTerm
from regua.integrations.models import Integration, ReasonCode
from regua.organization.models import Branch, GeneralParameters
from regua.receivables.models import Receivable
from regua.restrictions.choices import Status
from regua.restrictions.models import Restriction
from regua.web import formats
from tests import factories
from tests.restrictions import bare

pytestmark = pytest.mark.django_db
CONFIRM = {"etapa": "confirmar", "restriction_code": "TI"}


@pytest.fixture
def owed(branch: Branch) -> Receivable:
    bare.integration(branch)
    return factories.receivable(factories.customer(branch))


def wizard(*debts: Receivable, step: str = "revisao") -> str:
    """The address of a step for these debts."""
    query = "&".join(f"titulo={debt.pk}" for debt in debts)
    return f"{start(debts[0])}?{query}&etapa={step}"


def start(receivable: Receivable) -> str:
    return reverse("restriction_create", args=[receivable.customer_id])


def box(receivable: Receivable) -> str:
    return f'name="titulo" value="{receivable.pk}"'


def test_choose_look_and_confirm(client: Client, owed: Receivable, operator: User) -> None:
    client.force_login(operator)
    assert box(owed) in client.get(start(owed)).content.decode()
    # What the form of the first step asks for.
    data = client.get(wizard(owed, step="dados")).content.decode()
    assert "tem tudo o que o birô exige" in data
    assert wizard(owed, step="verificacao").replace("&", "&amp;") in data
    law = client.get(wizard(owed, step="verificacao")).content.decode()
    assert "A lei permite negativar" in law
    assert "Súmula STJ 323" in law
    page = client.get(wizard(owed)).content.decode()
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
    assert answer["Location"] == wizard(owed, step="verificacao")
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
    choose = client.get(start(debt)).content.decode()
    assert sentence in choose
    assert box(debt) not in choose
    for step in ("dados", "verificacao", "revisao", "?"):
        look = client.get(wizard(debt, step=step)).content.decode()
        assert sentence in look
        assert 'form="negativar"' not in look
        assert "etapa=revisao" not in look
    refused = client.post(wizard(debt), CONFIRM, follow=True)
    assert sentence in refused.content.decode()
    assert not Restriction.objects.exists()


def test_a_paid_debt_cannot_be_listed(client: Client, owed: Receivable, operator: User) -> None:
    bare.pay(owed)
    client.force_login(operator)
    assert "Nenhum título em aberto" in client.get(start(owed)).content.decode()
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
    assert start(owed) not in client.get(customer).content.decode()
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
    address = start(owed)
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
    assert start(owed) in client.get(customer).content.decode()
    bare.listing(owed)
    assert "já estão negativados" in client.get(customer).content.decode()
    bare.pay(owed)
    assert "Nenhum título vencido e em aberto" in client.get(customer).content.decode()


def test_the_choice_costs_the_same_for_one_debt_and_for_many(
    client: Client, owed: Receivable, operator: User
) -> None:
    client.force_login(operator)
    client.get(start(owed))
    with CaptureQueriesContext(connection) as few:
        client.get(start(owed))
    for _ in range(6):
        bare.listing(factories.receivable(owed.customer, amount=Decimal("10.00")))
    with CaptureQueriesContext(connection) as many:
        client.get(start(owed))
    assert len(many) == len(few)


# --- Several at once -----------------------------------------------------------------------------


@pytest.fixture
def three(owed: Receivable) -> list[Receivable]:
    """The oldest first, as they are shown."""
    more = [factories.receivable(owed.customer, days_overdue=days) for days in (40, 35)]
    return [owed, *more]


def test_several_become_one_listing_each(
    client: Client, three: list[Receivable], operator: User
) -> None:
    client.force_login(operator)
    choose = client.get(start(three[0])).content.decode()
    assert all(box(debt) in choose for debt in three)
    assert "data-rows-all" in choose
    look = client.get(wizard(*three))
    assert look.context["basket"].total == Decimal("389.70")
    done = client.post(wizard(*three), {**CONFIRM, "soma": "389.70"}, follow=True)
    assert done.redirect_chain[0][0] == reverse(
        "customer_restrictions", args=[three[0].customer_id]
    )
    assert "3 negativações pedidas." in done.content.decode()
    assert {row.receivable for row in Restriction.objects.all()} == set(three)

    again = client.post(wizard(*three), {**CONFIRM, "soma": "389.70"}, follow=True)
    assert "Nada foi enviado de novo" in again.content.decode()
    assert Restriction.objects.count() == 3


def test_one_that_became_unlistable_is_named_and_holds_the_others(
    client: Client, three: list[Receivable], operator: User
) -> None:
    first, second, third = three
    client.force_login(operator)
    assert client.get(wizard(*three)).context["current"] == 4
    Receivable.objects.filter(pk=second.pk).update(disputed=True)
    bare.pay(third)
    told = client.post(wizard(*three), CONFIRM, follow=True)
    assert told.redirect_chain[0][0] == wizard(*three, step="verificacao")
    page = told.content.decode()
    assert f"Nada foi enviado. Título {second.number}: O cliente contesta" in page
    assert f"Nada foi enviado. Título {third.number}: O título não está em aberto" in page
    assert "2 de 3 dívidas não podem" in page
    assert not Restriction.objects.exists()
    # The rest go on only through a page that says who stays.
    assert told.context["without"] == wizard(first, step="dados")
    client.post(wizard(first), CONFIRM)
    assert Restriction.objects.get().receivable == first


def test_a_sum_that_has_changed_is_shown_again(
    client: Client, three: list[Receivable], operator: User
) -> None:
    client.force_login(operator)
    Receivable.objects.filter(pk=three[0].pk).update(status="partial", open_amount=Decimal("100"))
    answer = client.post(wizard(*three), {**CONFIRM, "soma": "389.70"}, follow=True)
    assert "O valor mudou" in answer.content.decode()
    assert not Restriction.objects.exists()
    wrong = client.post(wizard(*three), {**CONFIRM, "soma": "muito"})
    assert wrong.status_code == 200
    assert not Restriction.objects.exists()


def test_amount_item_by_item_and_the_days(client: Client, branch: Branch, operator: User) -> None:
    bare.integration(branch)
    GeneralParameters.objects.create(pk=1, amount_updated=True)
    NoticeTerm.objects.create(state="SP", days=15, source="Teste")
    debt = factories.receivable(
        factories.customer(branch), days_overdue=45, amount=Decimal("149.90")
    )
    client.force_login(operator)
    page = client.get(wizard(debt))
    basket = page.context["basket"]
    assert basket.visible_on == timezone.localdate() + timedelta(days=15)
    assert basket.remove_until == last_day_listed(debt.due_date)
    text = page.content.decode()
    for amount in ("149.90", "3.00", "2.25", "155.15"):
        assert formats.brl(Decimal(amount)) in text
    client.post(wizard(debt), CONFIRM)
    assert Restriction.objects.get().amount == Decimal("155.15")


@pytest.mark.parametrize(
    ("due", "last"),
    [
        (date(2026, 1, 10), date(2031, 1, 10)),
        (date(2024, 2, 28), date(2029, 2, 27)),  # counted from 29 February
        (date(2024, 2, 29), date(2029, 2, 28)),
        (date(2025, 12, 31), date(2030, 12, 31)),
    ],
)
def test_the_last_day_is_the_gates(due: date, last: date) -> None:
    assert last_day_listed(due) == last
    with connection.cursor() as cursor:
        cursor.execute("SELECT (%s::date + interval '1 day' + interval '5 years')::date", [due])
        assert cursor.fetchone() == (last + timedelta(days=1),)


def test_more_than_one_person_may_ask_for_calls_for_another(
    client: Client, three: list[Receivable], operator: User
) -> None:
    GeneralParameters.objects.create(pk=1, approval_batch=2)
    client.force_login(operator)
    page = client.get(wizard(*three)).content.decode()
    assert "Outra pessoa precisa aprovar" in page
    assert "Pedir aprovação" in page
    done = client.post(wizard(*three), CONFIRM, follow=True).content.decode()
    assert "Esperam a aprovação de outra pessoa: 3." in done
    assert set(Restriction.objects.values_list("status", flat=True)) == {Status.DRAFT}


def test_evidence_that_is_missing_says_where_to_attach_it(
    client: Client, branch: Branch, operator: User
) -> None:
    bare.integration(branch)
    GeneralParameters.objects.create(pk=1, require_debt_document=True)
    debt = factories.receivable(factories.customer(branch))
    client.force_login(operator)
    assert "Junte o contrato ou a nota" in client.get(start(debt)).content.decode()
    page = client.get(wizard(debt, step="verificacao")).content.decode()
    assert "rule-missing" in page
    assert "Juntar o documento da dívida" in page
    assert reverse("evidence_add", args=[debt.customer_id]) in page
