"""The budget of inquiries: counted when asked, given back when free, stopped in time, on screen."""

from __future__ import annotations

import threading
from datetime import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.inquiries.budget import (
    SPENDING,
    BudgetSpent,
    budget_set,
    give_back,
    month_of,
    refuse,
    standing,
    standings,
)
from regua.inquiries.models import Inquiry, InquiryBudget, InquirySpending
from regua.inquiries.services import inquiries_drain, inquiry_request
from regua.integrations.models import Integration
from regua.organization.models import Branch
from tests import factories
from tests.sandbox.server import Sandbox

LIST = reverse("budget_list")
NOW = timezone.make_aware(timezone.datetime(2026, 11, 30, 23, 30))  # type: ignore[attr-defined]


def spend(branch: Branch, cost: Decimal, *, now: datetime) -> None:
    """What writing an inquiry of that cost does to the month."""
    with connection.cursor() as cursor:
        parameters = {"branch": branch.pk, "month": month_of(now), "cost": cost}
        cursor.execute(f"WITH {SPENDING} SELECT spent FROM spending", parameters)
        if cursor.rowcount == 0:
            raise refuse(branch, cost, now=now)


def spent(branch: Branch, amount: str) -> None:
    InquirySpending.objects.update_or_create(
        branch=branch, month=month_of(timezone.now()), defaults={"spent": Decimal(amount)}
    )


# --- the service ---------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_spending_is_counted_when_asked_and_given_back_when_free(
    integration: Integration, branch: Branch, attendant: User
) -> None:
    paid = inquiry_request(actor=attendant, branch=branch, document=factories.cpf_behaving("001"))
    assert standing(branch).spent == paid.cost > 0, "before the bureau was asked"
    free = inquiry_request(actor=attendant, branch=branch, document=factories.cpf_behaving("010"))
    assert standing(branch).spent == paid.cost + free.cost
    inquiries_drain(integration.pk)
    free.refresh_from_db()
    assert (free.status, free.was_free) == ("refused", True)
    assert standing(branch).spent == paid.cost


@pytest.mark.django_db(transaction=True)
def test_two_at_once_cannot_spend_the_same_money(
    integration: Integration, branch: Branch, attendant: User, manager: User, sandbox: Sandbox
) -> None:
    documents = [factories.cpf_behaving("001") for _ in range(4)]
    first = inquiry_request(actor=attendant, branch=branch, document=documents.pop())
    budget_set(branch=branch, actor=manager, monthly=first.cost * 2)
    start, said = threading.Barrier(3), []

    def ask(document: str) -> None:
        try:
            start.wait(10)
            inquiry_request(actor=attendant, branch=branch, document=document)
            said.append("asked")
        except BudgetSpent as error:
            said.append(error.messages[0])
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(document,)) for document in documents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert said.count("asked") == 1, said
    refused = [sentence for sentence in said if sentence != "asked"]
    assert len(refused) == 2
    assert all("Nada foi consultado nem cobrado" in sentence for sentence in refused)
    assert Inquiry.objects.count() == 2
    assert standing(branch).spent == first.cost * 2, "just the limit, not a cent more"
    inquiries_drain(integration.pk)
    assert len(sandbox.charges()) == 2


@pytest.mark.django_db
def test_the_limit_itself_may_be_spent(branch: Branch, manager: User) -> None:
    budget_set(branch=branch, actor=manager, monthly=Decimal("10.00"))
    spend(branch, Decimal("10.00"), now=NOW)
    with pytest.raises(BudgetSpent, match="novembro") as refusal:
        spend(branch, Decimal("0.01"), now=NOW)
    assert "restam R$\xa00,00" in refusal.value.messages[0]


@pytest.mark.django_db
def test_a_month_is_that_of_sao_paulo(branch: Branch, manager: User) -> None:
    budget_set(branch=branch, actor=manager, monthly=Decimal("10.00"))
    spend(branch, Decimal("10.00"), now=NOW)
    spend(branch, Decimal("10.00"), now=NOW + timezone.timedelta(hours=1))  # type: ignore[attr-defined]
    give_back(branch.pk, Decimal("4.00"), requested_at=NOW)
    november = standing(branch, now=NOW)
    assert (november.month_name, november.spent, november.left) == (
        "novembro",
        Decimal("6.00"),
        Decimal("4.00"),
    )


@pytest.mark.django_db
def test_it_warns_and_it_ends(branch: Branch, other_branch: Branch, manager: User) -> None:
    budget_set(branch=branch, actor=manager, monthly=Decimal("100.00"), warn_percent=80)
    for amount, warns, is_spent in (
        ("79.99", False, False),
        ("80.00", True, False),
        ("99.99", True, False),
        ("100.00", True, True),
        ("130.00", True, True),
    ):
        spent(branch, amount)
        now = standing(branch)
        assert (now.warns, now.is_spent) == (warns, is_spent), amount
        assert (now.tone is not None) == warns
    assert standing(branch).bar == 100
    assert standing(branch).left == 0
    both = standings([branch.pk, other_branch.pk])
    assert both[branch.pk] == standing(branch)
    assert not both[other_branch.pk].warns, "no budget, no warning"


@pytest.mark.django_db
def test_a_lifted_budget_stops_nobody(branch: Branch, manager: User) -> None:
    budget_set(branch=branch, actor=manager, monthly=Decimal("0.00"))
    with pytest.raises(BudgetSpent):
        spend(branch, Decimal("1.00"), now=timezone.now())
    budget_set(branch=branch, actor=manager, monthly=None)
    spend(branch, Decimal("1000.00"), now=timezone.now())
    assert standing(branch).left is None


@pytest.mark.django_db
def test_who_may_set_it(
    branch: Branch, other_branch: Branch, manager: User, operator: User
) -> None:
    stranger = factories.user(Role.FINANCE_MANAGER, other_branch)
    for nobody in (operator, stranger):
        with pytest.raises(NotAllowed):
            budget_set(branch=branch, actor=nobody, monthly=None)
    for field, bad in (
        ("monthly", {"monthly": Decimal("-0.01")}),
        ("monthly", {"monthly": Decimal(10**12)}),
        ("warn_percent", {"monthly": Decimal(1), "warn_percent": 0}),
        ("warn_percent", {"monthly": Decimal(1), "warn_percent": 101}),
    ):
        with pytest.raises(ValidationError) as refusal:
            budget_set(branch=branch, actor=manager, **bad)  # type: ignore[arg-type]
        assert field in refusal.value.message_dict
    assert not InquiryBudget.objects.exists()


# --- the screens ---------------------------------------------------------------------------------


def page_of(user: User, address: str) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode().replace("\xa0", " ").replace("&nbsp;", " ")


@pytest.mark.django_db
def test_the_month_on_screen(
    branch: Branch, other_branch: Branch, manager: User, operator: User
) -> None:
    edit = reverse("budget_edit", args=[branch.pk])
    assert "sem orçamento definido" in page_of(manager, LIST)
    client = Client()
    client.force_login(manager)
    answer = client.post(edit, {"monthly": "1.000,00", "warn_percent": "80"})
    assert answer.headers["Location"] == LIST
    spent(branch, "812.40")
    for user in (manager, operator):
        page = page_of(user, LIST)
        assert "R$ 812,40 de R$ 1.000,00 (81 %). Restam R$ 187,60." in page
        assert "tone-notice" in page
        assert other_branch.name not in page
    assert "Salvar" in page_of(manager, edit)
    reading = page_of(operator, edit)
    assert "Salvar" not in reading
    assert f"Mudado por {manager.name}" in reading
    spent(branch, "1000.00")
    assert "Não resta nada" in page_of(operator, edit)
    client.post(edit, {"monthly": "", "warn_percent": "80"})
    assert not InquiryBudget.objects.exists()


@pytest.mark.django_db
def test_who_may_change_it_on_screen(
    branch: Branch, other_branch: Branch, manager: User, operator: User
) -> None:
    new = {"monthly": "5,00", "warn_percent": "80"}
    client = Client()
    client.force_login(operator)
    assert client.post(reverse("budget_edit", args=[branch.pk]), new).status_code == 403
    client.force_login(manager)
    foreign = reverse("budget_edit", args=[other_branch.pk])
    assert client.get(foreign).status_code == 404
    assert client.post(foreign, new).status_code == 404
    assert not InquiryBudget.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("monthly", {"monthly": "muito"}),
        ("monthly", {"monthly": "-1"}),
        ("monthly", {"monthly": "9" * 40}),
        ("monthly", {"monthly": "1,234"}),
        ("monthly", {"monthly": "NaN"}),
        ("warn_percent", {"warn_percent": ""}),
        ("warn_percent", {"warn_percent": "0"}),
        ("warn_percent", {"warn_percent": "101"}),
        ("warn_percent", {"warn_percent": "oitenta"}),
    ],
)
def test_bad_input_is_said_at_its_field(
    field: str, change: dict[str, str], branch: Branch, manager: User
) -> None:
    client = Client()
    client.force_login(manager)
    data = {"monthly": "10,00", "warn_percent": "80", **change}
    answer = client.post(reverse("budget_edit", args=[branch.pk]), data)
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert not InquiryBudget.objects.exists()


@pytest.mark.django_db
def test_the_home_page_warns_who_can_help(
    branch: Branch, other_branch: Branch, manager: User, operator: User, administrator: User
) -> None:
    for each, amount in ((branch, "50.00"), (other_branch, "100.00")):
        budget_set(branch=each, actor=administrator, monthly=Decimal("100.00"))
        spent(each, amount)
    home = reverse("home")
    heading = "Orçamento de consultas pede atenção"
    assert heading not in page_of(manager, home)
    assert "Não resta nada" in page_of(administrator, home)
    spent(branch, "85.00")
    warned = page_of(manager, home)
    assert heading in warned
    assert "R$ 85,00 de R$ 100,00" in warned
    assert "Não resta nada" not in warned, "that is another branch's"
    assert heading not in page_of(operator, home)
