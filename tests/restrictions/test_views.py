"""The screens of listings through Django's client: who sees what, and what a click writes."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from regua.accounts.models import User
from regua.organization.models import Branch
from regua.receivables.models import Receivable
from regua.restrictions.choices import Status
from regua.restrictions.models import Restriction
from tests import factories
from tests.restrictions import bare

pytestmark = pytest.mark.django_db


@pytest.fixture
def owed(branch: Branch) -> Receivable:
    bare.integration(branch)
    return factories.receivable(factories.customer(branch))


def wizard(debt: Receivable) -> str:
    return reverse("restriction_create", args=[debt.customer_id]) + f"?titulo={debt.pk}"


def test_three_actors(
    client: Client, owed: Receivable, manager: User, attendant: User, outsider: User
) -> None:
    row = bare.listing(owed)
    pages = [
        reverse("restriction_detail", args=[row.pk]),
        reverse("restriction_live", args=[row.pk]),
        reverse("removal_create", args=[row.pk]),
        reverse("customer_restrictions", args=[owed.customer_id]),
    ]
    for actor, allowed in ((manager, {200}), (outsider, {404}), (attendant, {403, 404})):
        client.force_login(actor)
        for page in pages:
            answer = client.get(page, headers={"HX-Request": "true"})
            assert answer.status_code in allowed, page
    client.force_login(outsider)
    assert owed.customer.name not in client.get(reverse("restriction_list")).content.decode()


def test_a_click_makes_one_listing_and_a_second_click_leads_to_it(
    client: Client, owed: Receivable, operator: User
) -> None:
    client.force_login(operator)
    assert "A lei permite negativar" in client.get(wizard(owed)).content.decode()
    data = {"etapa": "confirmar", "restriction_code": "TI"}
    first = client.post(wizard(owed), data)
    row = Restriction.objects.get()
    assert first["Location"] == reverse("restriction_detail", args=[row.pk])
    second = client.post(wizard(owed), data)
    assert second["Location"] == first["Location"]
    assert Restriction.objects.count() == 1


@pytest.mark.parametrize("code", ["", "NF", "99"])
def test_a_code_that_does_not_serve_writes_nothing(
    code: str, client: Client, owed: Receivable, operator: User
) -> None:
    client.force_login(operator)
    answer = client.post(wizard(owed), {"etapa": "confirmar", "restriction_code": code})
    assert answer.status_code == 200
    assert "restriction_code" in answer.context["form"].errors
    assert not Restriction.objects.exists()


def test_a_debt_that_may_not_be_listed_says_why_and_takes_no_click(
    client: Client, owed: Receivable, operator: User
) -> None:
    Receivable.objects.update(disputed=True)
    client.force_login(operator)
    page = client.get(wizard(owed)).content.decode()
    assert "contesta este título" in page
    assert "CDC, art. 54-G" in page
    client.post(wizard(owed), {"etapa": "confirmar", "restriction_code": "TI"})
    assert not Restriction.objects.exists()


@pytest.mark.parametrize("titulo", ["0", "abc", "99999999999999999999", "-1", "²"])
def test_a_strange_address_is_the_first_step(
    titulo: str, client: Client, owed: Receivable, operator: User
) -> None:
    client.force_login(operator)
    address = reverse("restriction_create", args=[owed.customer_id])
    assert "Qual dívida?" in client.get(address, {"titulo": titulo}).content.decode()


def test_removal_from_the_page(client: Client, owed: Receivable, operator: User) -> None:
    row = bare.listing(owed)
    client.force_login(operator)
    address = reverse("removal_create", args=[row.pk])
    assert client.post(address, {"reason": "porque sim"}).status_code == 200
    row.refresh_from_db()
    assert row.status == Status.ACTIVE
    assert client.post(address, {"reason": "paid"}).status_code == 302
    row.refresh_from_db()
    assert (row.status, row.removal_code) == (Status.REMOVAL_QUEUED, "01")


def test_paid_and_still_listed_in_bulk(
    client: Client, branch: Branch, owed: Receivable, operator: User
) -> None:
    others = [factories.receivable(factories.customer(branch)) for _ in range(2)]
    rows = [bare.listing(debt) for debt in (owed, *others)]
    for debt in (owed, others[0]):
        bare.pay(debt)
    client.force_login(operator)
    address = reverse("restriction_overdue_removals")
    page = client.get(address).content.decode()
    assert f'value="{rows[0].pk}"' in page
    assert f'value="{rows[2].pk}"' not in page, "this one is still owed"
    chosen = [row.pk for row in rows[:2]]
    asked = client.post(address, {"pk": chosen})
    assert asked.status_code == 200
    assert not Restriction.objects.filter(status=Status.REMOVAL_QUEUED).exists(), "only a preview"
    client.post(address, {"pk": chosen, "confirmado": "sim"})
    removing = Restriction.objects.filter(status=Status.REMOVAL_QUEUED)
    assert set(removing.values_list("pk", flat=True)) == set(chosen)


def test_the_list_costs_the_same_for_one_and_for_many(
    client: Client,
    branch: Branch,
    owed: Receivable,
    operator: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    bare.listing(owed)
    client.force_login(operator)
    address = reverse("restriction_list")
    client.get(address)
    with django_assert_max_num_queries(12) as one:
        client.get(address)
    for _ in range(20):
        bare.listing(factories.receivable(factories.customer(branch)))
    with django_assert_max_num_queries(len(one)):
        page = client.get(address)
    assert len(page.context["page"]) == 21


@pytest.mark.parametrize(
    "query", ["status=x", "cursor=x", "q=%00", "since=31/02/2026", "branch=abc", "form=?"]
)
def test_strange_filters_never_break(
    query: str, client: Client, owed: Receivable, operator: User
) -> None:
    client.force_login(operator)
    assert client.get(f"{reverse('restriction_list')}?{query}").status_code == 200


def test_search_goes_where_the_text_points(
    client: Client, owed: Receivable, operator: User
) -> None:
    row = bare.listing(owed)
    client.force_login(operator)
    for text, target in (
        (owed.customer.document, reverse("customer_detail", args=[owed.customer_id])),
        (row.protocol, reverse("restriction_detail", args=[row.pk])),
    ):
        assert client.get(reverse("search"), {"q": text})["Location"] == target
