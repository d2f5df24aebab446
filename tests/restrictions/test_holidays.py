"""Local holidays on screen, and that they never lengthen a deadline that runs."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.organization.models import Branch, Holiday
from regua.organization.selectors import days_off
from regua.restrictions.choices import DutyCause
from regua.restrictions.duties import duty_open
from regua.restrictions.holidays import branch_place_set, holiday_add, holiday_remove
from regua.restrictions.models import RemovalDuty
from tests import factories
from tests.restrictions import bare

pytestmark = pytest.mark.django_db
PAGE = reverse("holiday_list")
START = date(2026, 11, 23)
EXTRA = date(2026, 11, 26)


@pytest.fixture(autouse=True)
def _monday(branch: Branch) -> object:
    branch.state, branch.city = "SP", "Campinas"
    branch.save()
    bare.integration(branch)
    moment = datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("America/Sao_Paulo"))
    with time_machine.travel(moment, tick=False):
        yield


def running(branch: Branch) -> RemovalDuty:
    row = bare.listing(factories.receivable(factories.customer(branch)))
    branch.refresh_from_db()
    row.branch = branch
    return duty_open(row, cause=DutyCause.PAID, starts_on=START)


def test_a_new_holiday_counts_only_for_deadlines_that_begin_later(
    branch: Branch, manager: User
) -> None:
    before = running(branch)
    holiday = holiday_add(actor=manager, day=EXTRA, name="Padroeira", state="SP", city="CAMPINAS")
    after = running(branch)
    before.refresh_from_db()
    assert before.due_on == date(2026, 11, 30)
    assert after.due_on == date(2026, 12, 1)
    assert holiday_remove(holiday=holiday, actor=manager) == 1
    after.refresh_from_db()
    assert after.due_on == date(2026, 11, 30)
    assert (holiday.created_by, days_off(branch)) == (manager, frozenset())
    with pytest.raises(ValidationError, match="já tinha sido retirado"):
        holiday_remove(holiday=holiday, actor=manager)
    holiday_add(actor=manager, day=EXTRA, name="Padroeira", state="SP", city="CAMPINAS")


def test_a_branch_that_moves_away_from_a_holiday(branch: Branch, manager: User) -> None:
    holiday_add(actor=manager, day=EXTRA, name="Padroeira", state="SP", city="Campinas")
    duty = running(branch)
    five = bare.listing(factories.receivable(factories.customer(branch)))
    kept = duty_open(five, cause=DutyCause.FIVE_YEARS, starts_on=START, due_on=date(2026, 12, 3))
    assert branch_place_set(branch=branch, actor=manager, state="SP", city="Santos") == 1
    duty.refresh_from_db()
    kept.refresh_from_db()
    assert duty.due_on == date(2026, 11, 30)
    assert kept.due_on == date(2026, 12, 3)
    assert branch_place_set(branch=branch, actor=manager, state="SP", city="Campinas") == 0
    duty.refresh_from_db()
    assert duty.due_on == date(2026, 11, 30), "never longer"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": " "}, "nome"),
        ({"state": "XX"}, "onde"),
        ({"day": date(2026, 12, 25)}, "já é feriado nacional: Natal"),
        ({"day": date(1, 1, 1)}, "ano"),
    ],
)
def test_what_is_refused(manager: User, fields: dict[str, object], said: str) -> None:
    values = {"day": EXTRA, "name": "F", "state": "SP", **fields}
    with pytest.raises(ValidationError, match=said):
        holiday_add(actor=manager, **values)  # type: ignore[arg-type]
    assert not Holiday.objects.exists()


def test_twice_the_same_is_said(manager: User) -> None:
    holiday_add(actor=manager, day=EXTRA, name="F", state="SP")
    with pytest.raises(ValidationError, match="já está na lista"):
        holiday_add(actor=manager, day=EXTRA, name="G", state="SP")


def test_who_may(client: Client, branch: Branch, operator: User, attendant: User) -> None:
    with pytest.raises(NotAllowed):
        holiday_add(actor=operator, day=EXTRA, name="F", state="SP")
    client.force_login(operator)
    page = client.get(PAGE)
    assert page.status_code == 200
    assert "Incluir outro feriado" not in page.content.decode()
    assert client.post(PAGE, {"day": "26/11/2026"}).status_code == 403
    assert client.get(reverse("branch_place", args=[branch.pk])).status_code == 403
    client.force_login(attendant)
    assert client.get(PAGE).status_code == 403


def test_the_states_holidays_are_offered_one_by_one(client: Client, manager: User) -> None:
    client.force_login(manager)
    page = client.get(PAGE)
    assert [row["day"] for row in page.context["offered"]] == [date(2026, 7, 9)]
    assert "Cada feriado a mais alonga prazos contra o cliente." in page.content.decode()
    added = client.post(
        PAGE, {"day": "09/07/2026", "name": "Revolução", "place": "SP/"}, follow=True
    )
    assert "Os que já correm ficam como estavam." in added.content.decode()
    assert added.context["offered"] == []
    [row] = added.context["rows"]
    assert row["holiday"].created_by == manager
    gone = client.post(reverse("holiday_remove", args=[row["holiday"].pk]), follow=True)
    assert "voltou a contar. Nenhum prazo de baixa em aberto mudou." in gone.content.decode()
    assert gone.context["removed"][0]["holiday"].removed_by == manager


@pytest.mark.parametrize("query", ["", "x", "0", "99999", "2026\x00", "2027"])
def test_any_year_is_answered(client: Client, manager: User, query: str) -> None:
    client.force_login(manager)
    assert client.get(PAGE, {"ano": query}).status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        {"day": "31/02/2026", "name": "F", "place": "SP/"},
        {"day": "26/11/2026", "name": "F", "place": "RJ/"},
        {"day": "26/11/2026", "name": "F\x00", "place": "SP/"},
        {"day": "01/01/0001", "name": "F", "place": "SP/"},
        {},
    ],
)
def test_bad_input_is_said_and_nothing_is_written(
    client: Client, manager: User, sent: dict[str, str]
) -> None:
    client.force_login(manager)
    assert client.post(PAGE, {"x": "1", **sent}).status_code == 200
    assert not Holiday.objects.exists()


def test_the_branchs_place_on_screen(client: Client, branch: Branch, administrator: User) -> None:
    client.force_login(administrator)
    page = client.get(reverse("branch_detail", args=[branch.pk])).content.decode()
    assert "Campinas/SP" in page
    place = reverse("branch_place", args=[branch.pk])
    assert place in page
    assert client.post(place, {"state": "", "city": "Santos"}).status_code == 200
    done = client.post(place, {"state": "SP", "city": " Santos "}, follow=True)
    assert "Endereço da filial Centro gravado." in done.content.decode()
    branch.refresh_from_db()
    assert branch.city == "Santos"
    client.force_login(factories.user(Role.FINANCE_MANAGER, factories.branch("Outra")))
    assert client.get(place).status_code == 404
