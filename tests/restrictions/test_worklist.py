"""*Pagos e ainda negativados*: the most urgent first, in words, and asked off together."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from regua.accounts.models import User
from regua.integrations.models import Integration, ReasonCode
from regua.organization.models import Branch
from regua.restrictions import bulk
from regua.restrictions.choices import DutyCause, Status
from regua.restrictions.deadlines import left_in_words
from regua.restrictions.duties import duty_open
from regua.restrictions.models import Restriction
from tests import factories
from tests.restrictions import bare

pytestmark = pytest.mark.django_db
PAGE = "/negativacoes/pagos/"
TODAY = date(2026, 11, 25)  # a Wednesday


@pytest.fixture(autouse=True)
def _wednesday(branch: Branch) -> object:
    bare.integration(branch)
    moment = datetime(2026, 11, 25, 10, tzinfo=ZoneInfo("America/Sao_Paulo"))
    with time_machine.travel(moment, tick=False):
        yield


def due(
    branch: Branch, last: date, cause: DutyCause = DutyCause.PAID, status: Status = Status.ACTIVE
) -> Restriction:
    row = bare.listing(factories.receivable(factories.customer(branch)), status)
    duty_open(row, cause=cause, starts_on=date(2026, 11, 16), due_on=last)
    return row


def shown(client: Client, **query: str) -> list[Restriction]:
    return [row["restriction"] for row in client.get(PAGE, query).context["rows"]]


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (0, "vence hoje"),
        (1, "falta 1 dia útil"),
        (3, "faltam 3 dias úteis"),
        (-1, "atrasada há 1 dia útil"),
        (-2, "atrasada há 2 dias úteis"),
        (-1234, "atrasada há 1.234 dias úteis"),
    ],
)
def test_what_is_left_in_words(left: int, words: str) -> None:
    assert left_in_words(left) == words


def test_the_most_urgent_first_and_coloured_only_when_it_matters(
    client: Client, branch: Branch, operator: User
) -> None:
    later = due(branch, date(2026, 12, 1))
    late = due(branch, date(2026, 11, 23))
    today = due(branch, TODAY)
    client.force_login(operator)
    page = client.get(PAGE)
    assert [row["restriction"] for row in page.context["rows"]] == [late, today, later]
    deadlines = [row["deadline"] for row in page.context["rows"]]
    assert [d.words for d in deadlines] == [
        "atrasada há 2 dias úteis",
        "vence hoje",
        "faltam 4 dias úteis",
    ]
    assert [d.tone for d in deadlines] == ["active", "notice", ""]
    assert "1 vence hoje, 1 atrasada." in page.content.decode()


def test_filters(client: Client, branch: Branch, operator: User) -> None:
    late = due(branch, date(2026, 11, 23))
    today = due(branch, TODAY, DutyCause.CORRECTION)
    later = due(branch, date(2026, 12, 1), status=Status.REMOVAL_SENT)
    client.force_login(operator)
    assert shown(client, situacao="atrasadas") == [late]
    assert shown(client, situacao="hoje") == [today]
    assert shown(client, situacao="depois") == [later]
    assert shown(client, situacao="pedidas") == [later]
    assert shown(client, situacao="pedir") == [late, today]
    assert shown(client, motivo="correction") == [today]
    for ignored in ({"situacao": "?"}, {"motivo": "\x00"}, {"filial": "9" * 30}, {"cursor": "x"}):
        assert len(shown(client, **ignored)) == 3
    assert "Nada com estes filtros" in client.get(PAGE, {"motivo": "deceased"}).content.decode()


def test_all_that_is_due_at_once_each_for_its_own_reason(
    client: Client, branch: Branch, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration = Integration.objects.get()
    ReasonCode.objects.create(
        integration=integration,
        kind="removal",
        code="28",
        description="Correção",
        person_kind="A",
        reason="data_correction",
    )
    rows = [
        due(branch, date(2026, 11, 23)),
        due(branch, TODAY, DutyCause.CORRECTION),
        due(branch, TODAY),
    ]
    later = due(branch, date(2026, 12, 1))
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    client.force_login(operator)
    look = client.post(PAGE, {"todas": "1"})
    text = look.content.decode()
    assert "Pedir a baixa de 2 negativações" in text
    assert "as 2 mais urgentes" in text
    keys = [row.pk for row, *_ in look.context["plan"].ready]
    assert keys == [rows[0].pk, rows[1].pk]
    client.post(PAGE, {"pk": keys, "confirmado": "sim"})
    statuses = {row.pk: (row.status, row.removal_code) for row in Restriction.objects.all()}
    assert statuses[rows[0].pk] == (Status.REMOVAL_QUEUED, "01")
    assert statuses[rows[1].pk] == (Status.REMOVAL_QUEUED, "28")
    assert statuses[rows[2].pk][0] == statuses[later.pk][0] == Status.ACTIVE


def test_home_counts_them(client: Client, branch: Branch, operator: User, outsider: User) -> None:
    due(branch, date(2026, 11, 23))
    due(branch, TODAY)
    due(branch, TODAY)
    client.force_login(operator)
    page = client.get(reverse("home")).content.decode()
    assert "2 vencem hoje, 1 atrasada" in page
    assert "O prazo legal de 1 baixa já passou." in page
    client.force_login(outsider)
    assert "Nenhuma baixa esquecida" in client.get(reverse("home")).content.decode()


def test_the_listing_and_the_customer_say_it_too(
    client: Client, branch: Branch, operator: User
) -> None:
    row = due(branch, date(2026, 11, 27))
    client.force_login(operator)
    said = "Retirar até 27/11/2026 (faltam 2 dias úteis)."
    assert said in client.get(reverse("restriction_detail", args=[row.pk])).content.decode()
    tab = client.get(reverse("customer_restrictions", args=[row.customer_id])).content.decode()
    assert "Retirar até 27/11/2026" in tab
    assert "faltam 2 dias úteis" in tab
    Restriction.objects.filter(pk=row.pk).update(status=Status.REMOVED, removed_on=TODAY)
    assert (
        "Retirar até"
        not in client.get(reverse("restriction_detail", args=[row.pk])).content.decode()
    )
