"""The duty to remove: when it begins, when it ends, and that many are as right as one."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regua.accounts.models import User
from regua.calendar import CORRECTION_DAYS, business_day_after
from regua.organization.models import Branch, Holiday
from regua.receivables.changes import changed
from regua.receivables.models import Payment, Receivable
from regua.receivables.services import payment_record
from regua.restrictions.choices import DutyCause, DutyOutcome, Status
from regua.restrictions.duties import duties_follow, duties_sweep, duty_open, five_years_open
from regua.restrictions.models import RemovalDuty, Restriction
from regua.restrictions.services import removal_request
from tests import factories
from tests.restrictions import bare

pytestmark = pytest.mark.django_db
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
MONDAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def _monday(branch: Branch) -> object:
    bare.integration(branch)
    with time_machine.travel(datetime(2026, 11, 23, 10, tzinfo=SAO_PAULO), tick=False):
        yield


def listed(branch: Branch, status: Status = Status.ACTIVE, **debt: object) -> Restriction:
    return bare.listing(factories.receivable(factories.customer(branch), **debt), status)


def duty(listing: Restriction) -> RemovalDuty:
    return RemovalDuty.objects.get(restriction=listing, ended_at=None)


def test_a_payment_starts_the_clock_when_the_money_is_available(
    branch: Branch, operator: User
) -> None:
    row = listed(branch)
    payment_record(
        receivable=row.receivable,
        actor=operator,
        amount=row.receivable.open_amount,
        paid_on=MONDAY,
        available_on=date(2026, 11, 25),
    )
    found = duty(row)
    assert (found.cause, found.starts_on, found.due_on) == (
        DutyCause.PAID,
        date(2026, 11, 25),
        date(2026, 12, 2),
    )
    row.refresh_from_db()
    assert row.status == Status.ACTIVE, "settling a receivable removes nothing by itself"


def test_a_part_makes_the_amount_wrong_and_the_rest_keeps_its_day(
    branch: Branch, operator: User
) -> None:
    row = listed(branch)

    def pay(amount: str, available: date) -> RemovalDuty:
        payment_record(
            receivable=row.receivable,
            actor=operator,
            amount=Decimal(amount),
            paid_on=MONDAY,
            available_on=available,
        )
        return duty(row)

    wrong = pay("100.00", MONDAY)
    assert wrong.cause == DutyCause.AMOUNT_CHANGED
    settled = pay("29.90", date(2026, 11, 28))
    assert (settled.pk, settled.cause) == (wrong.pk, DutyCause.PAID)
    assert settled.due_on == wrong.due_on, "the bureau shows a wrong amount since before"


@pytest.mark.parametrize(
    ("later", "starts_on"),
    [(None, date(2026, 12, 10)), (date(2026, 12, 8), date(2026, 12, 8))],
)
def test_a_part_paid_before_the_listing_is_not_what_settles_it(
    branch: Branch, operator: User, later: date | None, starts_on: date
) -> None:
    debt = factories.receivable(factories.customer(branch))
    payment_record(receivable=debt, actor=operator, amount=Decimal(100), paid_on=MONDAY)
    row = bare.listing(debt, amount=debt.open_amount)
    with time_machine.travel(datetime(2026, 12, 10, 10, tzinfo=SAO_PAULO), tick=False):
        if later is not None:  # with a discount: less than what was open
            Payment.objects.create(receivable=debt, amount=9, paid_on=later, available_on=later)
        bare.pay(debt)
    assert duty(row).starts_on == starts_on


def test_money_of_a_saturday_counts_from_monday(branch: Branch, operator: User) -> None:
    row = listed(branch)
    payment_record(
        receivable=row.receivable,
        actor=operator,
        amount=row.receivable.open_amount,
        paid_on=MONDAY,
        available_on=date(2026, 11, 28),
    )
    assert duty(row).due_on == date(2026, 12, 4)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"status": "cancelled"}, DutyCause.DEBT_CANCELLED),
        ({"renegotiated": True}, DutyCause.RENEGOTIATED),
        ({"status": "received", "open_amount": 0}, DutyCause.PAID),
    ],
)
def test_cancelled_and_renegotiated_count_from_today(
    branch: Branch, change: dict[str, object], cause: DutyCause
) -> None:
    row = listed(branch)
    Receivable.objects.filter(pk=row.receivable_id).update(**change)
    changed([row.receivable_id])
    found = duty(row)
    assert (found.cause, found.starts_on, found.due_on) == (cause, MONDAY, date(2026, 11, 30))


def test_a_payment_undone_voids_the_duty_and_the_next_one_counts_anew(
    branch: Branch, operator: User
) -> None:
    row = listed(branch)
    bare.pay(row.receivable)
    first = duty(row)
    Receivable.objects.filter(pk=row.receivable_id).update(status="open", open_amount="129.90")
    changed([row.receivable_id])
    first.refresh_from_db()
    assert first.outcome == DutyOutcome.VOID
    with time_machine.travel(datetime(2026, 12, 1, 10, tzinfo=SAO_PAULO), tick=False):
        bare.pay(row.receivable)
    assert duty(row).starts_on == date(2026, 12, 1)


def test_what_another_reason_demands_outlives_a_debt_reopened(branch: Branch) -> None:
    row = listed(branch)
    duty_open(row, cause=DutyCause.COURT_ORDER, starts_on=MONDAY, due_on=MONDAY)
    changed([row.receivable_id])
    assert duty(row).cause == DutyCause.COURT_ORDER


def test_the_clock_that_runs_already_stays(branch: Branch, operator: User) -> None:
    row = listed(branch)
    bare.pay(row.receivable)
    with time_machine.travel(datetime(2026, 11, 26, 10, tzinfo=SAO_PAULO), tick=False):
        changed([row.receivable_id])
        removal_request(restriction=row, actor=operator, reason="paid")
    assert duty(row).starts_on == MONDAY


@pytest.mark.parametrize(
    ("removed_on", "outcome"),
    [(date(2026, 11, 30), DutyOutcome.MET), (date(2026, 12, 1), DutyOutcome.LATE)],
)
def test_off_on_the_last_day_is_in_time(
    branch: Branch, removed_on: date, outcome: DutyOutcome
) -> None:
    row = listed(branch, Status.REMOVAL_SENT)
    bare.pay(row.receivable)
    Restriction.objects.filter(pk=row.pk).update(status=Status.REMOVED, removed_on=removed_on)
    assert RemovalDuty.objects.get().outcome == outcome


def test_drafts_and_what_is_off_have_no_duty(branch: Branch) -> None:
    for status in (Status.DRAFT, Status.REMOVED, Status.REFUSED, Status.CANCELLED):
        row = listed(branch, status, **{})
        bare.pay(row.receivable)
    assert not RemovalDuty.objects.exists()


def test_local_holidays_of_the_branch_count(branch: Branch, administrator: User) -> None:
    Branch.objects.filter(pk=branch.pk).update(state="SP", city="Santo André")
    for city, day in (
        ("", date(2026, 11, 24)),
        ("santo andre ", date(2026, 11, 25)),
        ("Campinas", date(2026, 11, 26)),
    ):
        Holiday.objects.create(day=day, name="F", state="SP", city=city, created_by=administrator)
    row = listed(branch)
    bare.pay(row.receivable)
    assert duty(row).due_on == date(2026, 12, 2)


def test_a_sweep_finds_what_nobody_told_us_of(branch: Branch) -> None:
    silent, reopened, owed = listed(branch), listed(branch), listed(branch)
    bare.pay(reopened.receivable)
    Receivable.objects.filter(pk=silent.receivable_id).update(status="received", open_amount=0)
    Receivable.objects.filter(pk=reopened.receivable_id).update(status="open", open_amount="129.90")
    duties_sweep()
    assert set(RemovalDuty.objects.filter(ended_at=None)) == {duty(silent)}
    assert RemovalDuty.objects.get(restriction=reopened).outcome == DutyOutcome.VOID
    assert not owed.duties.exists()
    duties_sweep()
    assert RemovalDuty.objects.count() == 2


def test_many_are_as_right_as_one_and_cost_no_more_statements(
    branch: Branch, other_branch: Branch, administrator: User
) -> None:
    bare.integration(other_branch)
    Branch.objects.filter(pk=other_branch.pk).update(state="RJ")
    Holiday.objects.create(
        day=date(2026, 11, 24), name="F", state="RJ", city="", created_by=administrator
    )
    rows = [listed(place) for place in (branch, other_branch) for _ in range(20)]
    for number, row in enumerate(rows):
        Receivable.objects.filter(pk=row.receivable_id).update(status="received", open_amount=0)
        Payment.objects.create(
            receivable=row.receivable,
            amount=row.receivable.amount,
            paid_on=MONDAY,
            available_on=MONDAY + timedelta(days=number % 3),
        )
    ids = [row.receivable_id for row in rows]
    with CaptureQueriesContext(connection) as statements:
        duties_follow(ids)
    assert len(statements) == 7
    for row in rows:
        found = duty(row)
        off = {date(2026, 11, 24)} if row.branch_id == other_branch.pk else set()
        assert found.due_on == business_day_after(found.starts_on, CORRECTION_DAYS, off)
    starts = [duty(row).starts_on for row in rows]
    assert starts == [MONDAY + timedelta(days=number % 3) for number in range(40)]
    duties_follow(ids)
    assert RemovalDuty.objects.count() == 40


# --- Five years --------------------------------------------------------------------------------


def test_the_five_years_open_a_duty_ten_days_before(branch: Branch) -> None:
    near = listed(branch, due_date=date(2021, 12, 3))  # its last day is 3 December 2026
    past = listed(branch, due_date=date(2021, 11, 1))
    listed(branch, due_date=date(2021, 12, 4))
    off = listed(branch, Status.REMOVED, due_date=date(2021, 11, 1))
    assert five_years_open() == 2
    found = duty(near)
    assert (found.cause, found.starts_on, found.due_on) == (
        DutyCause.FIVE_YEARS,
        MONDAY,
        date(2026, 12, 3),
    )
    assert duty(past).due_on == duty(past).starts_on == date(2026, 11, 1)
    assert not off.duties.exists()
    assert five_years_open() == 0


def test_the_five_years_bring_a_later_deadline_forward(branch: Branch) -> None:
    earlier = listed(branch, due_date=date(2021, 11, 26))
    later = listed(branch, due_date=date(2021, 12, 2))
    for row in (earlier, later):
        bare.pay(row.receivable)
    assert five_years_open() == 1
    assert (duty(earlier).cause, duty(earlier).due_on) == ("five_years", date(2026, 11, 26))
    assert (duty(later).cause, duty(later).due_on) == ("paid", date(2026, 11, 30))


def test_a_person_may_ask_for_it_too_and_the_stand_ins_code_is_sent(
    branch: Branch, operator: User
) -> None:
    from regua.integrations.models import ReasonCode

    row = listed(branch, due_date=date(2021, 12, 3))
    ReasonCode.objects.create(
        integration=row.integration,
        kind="removal",
        code="03",
        description="A pedido do credor",
        person_kind="A",
        reason="wrongly_listed",
    )
    removal_request(restriction=row, actor=operator, reason="five_years")
    row.refresh_from_db()
    assert (row.removal_reason, row.removal_code) == ("five_years", "03")
    assert duty(row).due_on == date(2026, 12, 3)
