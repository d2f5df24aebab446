"""The deadlines that were missed: which, by how much, and that the file says the same."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.organization.models import Branch
from regua.reports.breaches import REPORT, BreachFilters
from regua.reports.exports.run import export_run
from regua.reports.services import export_request
from regua.restrictions.choices import DutyCause, Status
from regua.restrictions.duties import duty_open
from regua.restrictions.models import RemovalDuty, Restriction
from tests import factories
from tests.reports.exported import as_csv
from tests.restrictions import bare

pytestmark = pytest.mark.django_db
PAGE = reverse("report_breaches")


def breach(branch: Branch, name: str, due: date, **removed: object) -> Restriction:
    row = bare.listing(
        factories.receivable(factories.customer(branch, name=name)), Status.REMOVAL_SENT
    )
    duty_open(row, cause=DutyCause.PAID, starts_on=due, due_on=due)
    if removed:
        Restriction.objects.filter(pk=row.pk).update(status=Status.REMOVED, **removed)
    return row


@pytest.fixture
def rows(branch: Branch, operator: User) -> dict[str, Restriction]:
    bare.integration(branch)
    today = timezone.localdate()
    made = {
        "late": breach(
            branch,
            "Tardia",
            date(2026, 3, 2),
            removed_on=date(2026, 3, 9),
            removal_requested_by=operator,
        ),
        "open": breach(branch, "Aberta", today - timedelta(days=3)),
    }
    breach(branch, "Pontual", date(2026, 3, 2), removed_on=date(2026, 3, 2))
    breach(branch, "Futura", today)
    return made


def names(client: Client, **query: str) -> list[list[str]]:
    table = client.get(PAGE, query).context["table"]
    return [[cell.text for cell in row] for row in table.rows]


def test_what_was_late_and_what_still_is(
    client: Client, rows: dict[str, Restriction], operator: User, outsider: User
) -> None:
    client.force_login(operator)
    still, late = names(client)
    assert "Aberta" in still
    assert "3" in still
    assert "Tardia" in late
    assert "7" in late
    assert operator.name in late
    assert names(client, situation="late") == [late]
    assert names(client, situation="open") == [still]
    assert names(client, since="01/03/2026", until="31/03/2026") == [late]
    assert names(client, cause="deceased") == []
    assert (
        reverse("restriction_detail", args=[rows["late"].pk]) in client.get(PAGE).content.decode()
    )
    client.force_login(outsider)
    assert names(client) == []


def test_a_void_duty_is_no_breach(
    client: Client, rows: dict[str, Restriction], operator: User
) -> None:
    RemovalDuty.objects.filter(restriction=rows["open"]).update(
        ended_at=timezone.now(), outcome="void"
    )
    client.force_login(operator)
    assert len(names(client)) == 1


@pytest.mark.parametrize("query", [{"since": "x"}, {"cause": "?"}, {"until": "01/01/0001"}])
def test_what_cannot_be_read(
    client: Client, rows: dict[str, Restriction], operator: User, query: dict[str, str]
) -> None:
    client.force_login(operator)
    assert client.get(PAGE, query).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_the_file_says_the_same(rows: dict[str, Restriction], operator: User) -> None:
    export = export_request(
        actor=operator,
        report=REPORT,
        format="csv",
        columns=[column.key for column in REPORT.columns],
        filters=BreachFilters(since=date(2026, 3, 1), until=date(2026, 3, 31)),
    )
    assert export_run(export.pk)
    export.refresh_from_db()
    assert export.status == "done", export.problem
    table = as_csv(export)
    head = next(line for line in table if "Dias corridos de atraso" in line)
    [row] = [line for line in table if "Tardia" in line]
    said = dict(zip(head, row, strict=False))
    assert said["Dias corridos de atraso"] == "7"
    assert said["Situação"] == "Baixada fora do prazo"
    assert said["Baixa pedida por"] == operator.name
    assert not [line for line in table if "Aberta" in line]


def test_it_costs_the_same_for_one_and_for_many(
    client: Client, branch: Branch, rows: dict[str, Restriction], operator: User
) -> None:
    client.force_login(operator)
    client.get(PAGE)
    with CaptureQueriesContext(connection) as few:
        client.get(PAGE)
    for number in range(6):
        breach(branch, f"Outra {number}", date(2026, 4, 1))
    with CaptureQueriesContext(connection) as many:
        client.get(PAGE)
    assert len(many) == len(few)
