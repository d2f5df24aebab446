"""Removals that nobody asks for: which, when, and never twice."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from regua.accounts.models import User
from regua.integrations.models import Integration, ReasonCode
from regua.integrations.selectors import automatic_obstacles
from regua.organization.models import Branch, GeneralParameters
from regua.receivables.changes import changed
from regua.receivables.models import Payment, Receivable
from regua.receivables.services import payment_record
from regua.restrictions.automatic import removals_ask
from regua.restrictions.choices import DutyCause, Form, Source, Status
from regua.restrictions.duties import duty_open, five_years_open
from regua.restrictions.models import RemovalDuty, Restriction
from regua.restrictions.sender import restrictions_drain
from tests import factories
from tests.restrictions import bare

pytestmark = pytest.mark.django_db


@pytest.fixture
def automatic(branch: Branch) -> Integration:
    made = bare.integration(branch, automatic=True, codes_synced_at=timezone.now())
    ReasonCode.objects.create(
        integration=made,
        kind="removal",
        code="03",
        description="A pedido do credor",
        person_kind="A",
        reason="wrongly_listed",
    )
    return made


def listed(branch: Branch, status: Status = Status.ACTIVE, **debt: Any) -> Restriction:
    return bare.listing(factories.receivable(factories.customer(branch), **debt), status)


def paid(branch: Branch) -> Restriction:
    row = listed(branch)
    bare.pay(row.receivable)
    return row


def test_settled_debts_come_off_alone_where_the_integration_says_so(
    branch: Branch, automatic: Integration
) -> None:
    settled, owed = paid(branch), listed(branch)
    renegotiated = listed(branch)
    Receivable.objects.filter(pk=renegotiated.receivable_id).update(renegotiated=True)
    changed([renegotiated.receivable_id])
    assert removals_ask() == 2
    for row, code in ((settled, "01"), (renegotiated, "19")):
        row.refresh_from_db()
        assert (row.status, row.removal_code) == (Status.REMOVAL_QUEUED, code)
        assert (row.removal_form, row.removal_requested_by) == (Form.AUTOMATIC, None)
        assert row.events.latest("id").source == Source.ROUTINE
    owed.refresh_from_db()
    assert owed.status == Status.ACTIVE
    assert removals_ask() == 0
    assert RemovalDuty.objects.count() == 2


@pytest.mark.parametrize(
    "change",
    [
        {"automatic": False},
        {"environment": "staging"},
        {"linked_at": None},
        {"codes_synced_at": None},
    ],
)
def test_else_they_wait_on_the_worklist(
    branch: Branch, automatic: Integration, change: dict[str, Any]
) -> None:
    row = paid(branch)
    Integration.objects.update(**change)
    assert removals_ask() == 0
    row.refresh_from_db()
    assert row.status == Status.ACTIVE
    assert RemovalDuty.objects.get().ended_at is None


def test_the_general_switch_stops_listings_and_not_removals(
    branch: Branch, automatic: Integration
) -> None:
    paid(branch)
    GeneralParameters.objects.create(pk=1, credit_analysis=False)
    assert automatic_obstacles(automatic)
    assert automatic_obstacles(automatic, removing=True) == {}
    assert removals_ask() == 1


def test_money_that_is_not_available_yet_is_waited_for(
    branch: Branch, automatic: Integration
) -> None:
    row = listed(branch)
    today = timezone.localdate()
    Payment.objects.create(
        receivable=row.receivable, amount=1, paid_on=today, available_on=today + timedelta(days=1)
    )
    bare.pay(row.receivable)
    assert removals_ask() == 0
    RemovalDuty.objects.update(starts_on=today)
    assert removals_ask() == 1


@pytest.mark.parametrize("listable", [True, False])
def test_a_part_paid_is_mended_where_the_rest_may_be_listed(
    branch: Branch, automatic: Integration, manager: User, listable: bool
) -> None:
    ReasonCode.objects.create(
        integration=automatic,
        kind="removal",
        code="07",
        description="Pagamento parcial",
        person_kind="A",
        reason="partially_paid",
    )
    row, settled = listed(branch), paid(branch)
    payment_record(
        receivable=row.receivable,
        actor=manager,
        amount=Decimal("29.90") if listable else Decimal("129.00"),
        paid_on=timezone.localdate(),
    )
    assert removals_ask() == 2
    row.refresh_from_db()
    settled.refresh_from_db()
    assert (row.status, settled.status) == (Status.REMOVAL_QUEUED, Status.REMOVAL_QUEUED)
    drafts = Restriction.objects.filter(replaces=row, status=Status.DRAFT)
    assert [draft.amount for draft in drafts] == ([Decimal("100.00")] if listable else [])


def test_other_causes_are_for_people(branch: Branch, automatic: Integration) -> None:
    row = listed(branch)
    duty_open(row, cause=DutyCause.CONTESTED, starts_on=timezone.localdate())
    assert removals_ask() == 0


def test_what_the_bureau_refused_today_waits_for_tomorrow(
    branch: Branch, automatic: Integration
) -> None:
    now = timezone.now()
    rows = [(paid(branch), now), (paid(branch), now - timedelta(days=1))]
    for row, at in rows:
        row.events.create(
            text="O birô recusou a baixa.",
            source=Source.SENDER,
            status_before=Status.REMOVAL_QUEUED,
            status=Status.ACTIVE,
            at=at,
        )
    assert removals_ask() == 1
    statuses = [Restriction.objects.get(pk=row.pk).status for row, _ in rows]
    assert statuses == [Status.ACTIVE, Status.REMOVAL_QUEUED]


@pytest.mark.parametrize("manual", [{"automatic": False}, {"linked_at": None}])
def test_the_five_years_ask_whatever_automatic_says(
    branch: Branch, automatic: Integration, manual: dict[str, Any]
) -> None:
    today = timezone.localdate()
    row = listed(branch, due_date=date(today.year - 5, today.month, min(today.day, 28)))
    Integration.objects.update(**manual)
    five_years_open()
    assert removals_ask() == 1
    row.refresh_from_db()
    assert (row.status, row.removal_reason, row.removal_code) == (
        Status.REMOVAL_QUEUED,
        "five_years",
        "03",
    )


def test_a_missing_code_does_not_stop_the_others(branch: Branch, automatic: Integration) -> None:
    stuck = listed(branch)
    Receivable.objects.filter(pk=stuck.receivable_id).update(status="cancelled")
    changed([stuck.receivable_id])
    paid(branch)
    assert removals_ask() == 1
    stuck.refresh_from_db()
    assert stuck.status == Status.ACTIVE


@pytest.mark.django_db(transaction=True)
def test_several_workers_ask_for_each_once(branch: Branch, automatic: Integration) -> None:
    rows = [paid(branch) for _ in range(12)]
    asked: list[int] = []
    start = threading.Barrier(4)

    def work() -> None:
        try:
            start.wait()
            asked.append(removals_ask())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(asked) == len(rows)
    for row in rows:
        assert row.events.filter(status=Status.REMOVAL_QUEUED).count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_real_bureau_takes_the_stand_ins_code(
    integration: Integration, branch: Branch, sandbox: Any
) -> None:
    from regua.restrictions.services import restriction_request

    operator = integration.branch.users.create(email="q@exemplo.test", name="Q", role="collections")
    row = restriction_request(
        receivable=factories.receivable(factories.customer(branch)), actor=operator
    )
    restrictions_drain(integration.pk)
    duty_open(row, cause=DutyCause.FIVE_YEARS, starts_on=timezone.localdate())
    assert removals_ask() == 1
    restrictions_drain(integration.pk)
    row.refresh_from_db()
    assert row.status in (Status.REMOVAL_SENT, Status.REMOVED), row.problem
    assert row.removal_code == "03"
