"""The three zeros can rise: what is put wrong by hand is counted once, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from regua.accounts.models import User
from regua.organization.models import Branch
from regua.parties.models import Customer
from regua.receivables.changes import changed
from regua.receivables.models import Contract, Impediment, Payment, Receivable
from regua.restrictions.choices import Source, Status
from regua.restrictions.history import record_event
from regua.restrictions.models import RemovalDuty, Restriction
from tests import factories
from tests.restrictions import bare
from tests.simulation.daily import look_at_the_day, look_at_what_left
from tests.simulation.findings import Findings
from tests.simulation.yearly import look_at_the_year

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 11, 23)
LAST = date(2026, 11, 30)
"""The fifth business day after Monday."""
THURSDAY = LAST + timedelta(days=3)
CPF = factories.ordinary_document()
_SITUATIONS = {
    Status.CANCELLED: "",
    Status.ACTIVE: "ATIVA",
    Status.REMOVAL_SENT: "BAIXA_RECEBIDA",
    Status.REMOVED: "BAIXADA",
}


def on(day: date) -> time_machine.travel:
    moment = datetime.combine(day, datetime.min.time(), ZoneInfo("America/Sao_Paulo"))
    return time_machine.travel(moment + timedelta(hours=18), tick=False)


@pytest.fixture(autouse=True)
def _monday(branch: Branch) -> Iterator[None]:
    bare.integration(branch)
    with on(MONDAY):
        yield


@pytest.fixture
def row(branch: Branch, operator: User) -> Restriction:
    """A listing that is as it should be."""
    debt = factories.receivable(factories.customer(branch))
    return bare.listing(
        debt,
        actor=operator,
        gate=[["debt.open", "pass"]],
        bureau_version=3,
        # The database's own clock does not travel.
        requested_at=datetime(2026, 10, 20, tzinfo=ZoneInfo("America/Sao_Paulo")),
    )


def take_off(row: Restriction) -> None:
    Restriction.objects.filter(pk=row.pk).update(status=Status.REMOVAL_SENT)
    Restriction.objects.filter(pk=row.pk).update(
        status=Status.REMOVED,
        removed_on=timezone.localdate(),
        removal_reason="paid",
        removal_code="01",
    )
    row.refresh_from_db()
    for before, after in (
        (Status.ACTIVE, Status.REMOVAL_SENT),
        (Status.REMOVAL_SENT, Status.REMOVED),
    ):
        record_event(row, text="Baixada.", source=Source.SYNC, before=before, status=after)


def at_bureau(row: Restriction) -> dict[str, Any]:
    """The bureau's line of a listing, as it should be."""
    row.refresh_from_db()
    return {
        "referencia": str(row.idempotency_key),
        "protocolo": row.protocol,
        "valor": str(row.amount),
        "vencimento": str(row.due_date),
        "versao": row.bureau_version,
        "codigo_baixa": row.removal_code or None,
        "coobrigado": row.co_debtor and row.co_debtor["document"],
        "situacao": _SITUATIONS[Status(row.status)],
    }


def judged(
    row: Restriction,
    *,
    off_on: date | None = None,
    on_monday: Callable[[], object] = lambda: None,
    line: Callable[[dict[str, Any]], Any] = lambda line: line,
) -> tuple[int, int, int]:
    """What the judge counts of a year with this one listing, which comes off on ``off_on``."""
    found = Findings()
    for day in sorted({MONDAY, LAST, LAST + timedelta(days=1), off_on or LAST, THURSDAY}):
        with on(day):
            look_at_what_left(found)
            if day == MONDAY:
                on_monday()
            if day == off_on:
                take_off(row)
            look_at_the_day(found)
    with on(THURSDAY):
        theirs = line(at_bureau(row))
        lines = theirs if isinstance(theirs, list) else [theirs]
        look_at_the_year(found, {row.integration_id: lines})
    counts = (len(found.late), len(found.forbidden), len(found.unexplained))
    assert found.summary(1).endswith("late={} forbidden={} unexplained={}".format(*counts))
    assert found.clean == (counts == (0, 0, 0))
    return counts


CLEAN, LATE, FORBIDDEN, UNEXPLAINED = (0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)


def test_nothing_is_found_where_nothing_is_wrong(row: Restriction) -> None:
    assert judged(row) == CLEAN


@pytest.mark.parametrize(
    ("off_on", "counts"), [(LAST, CLEAN), (LAST + timedelta(days=1), LATE), (None, LATE)]
)
def test_a_paid_debt_is_late_from_the_day_after_the_last(
    row: Restriction, off_on: date | None, counts: tuple[int, int, int]
) -> None:
    assert judged(row, on_monday=lambda: bare.pay(row.receivable), off_on=off_on) == counts
    assert RemovalDuty.objects.get().due_on == LAST, "the product counts the same"


def test_money_that_comes_later_counts_from_then(row: Restriction) -> None:
    later = MONDAY + timedelta(days=2)

    def pay() -> None:
        debt = row.receivable
        Payment.objects.create(
            receivable=debt, amount=debt.amount, paid_on=MONDAY, available_on=later
        )
        bare.pay(debt)

    assert judged(row, on_monday=pay, off_on=LAST + timedelta(days=2)) == CLEAN


def test_money_that_came_and_went_leaves_nothing_to_take_off(row: Restriction) -> None:
    def pay_and_undo() -> None:
        bare.pay(row.receivable)
        write(row, status="open", open_amount=row.amount)
        changed([row.receivable_id])

    assert judged(row, on_monday=pay_and_undo) == CLEAN


def write(row: Restriction, **changes: object) -> None:
    Receivable.objects.filter(pk=row.receivable_id).update(**changes)


def contested(row: Restriction, outcome: str, told_on: date = MONDAY) -> None:
    decided: dict[str, Any] = {}
    if outcome:
        decided = {"closed_at": timezone.now(), "closed_by": row.requested_by}
    Impediment.objects.create(
        receivable=row.receivable, kind="contest", told_on=told_on, outcome=outcome, **decided
    )
    write(row, disputed=outcome != "rejected")


def dead(row: Restriction) -> None:
    Customer.objects.filter(pk=row.customer_id).update(deceased_on=MONDAY)


def co_debtor_dead(row: Restriction) -> None:
    surety = factories.customer(row.branch, deceased_on=MONDAY)
    Restriction.objects.filter(pk=row.pk).update(co_debtor={"document": surety.document})


def forbidden_by_court(row: Restriction) -> None:
    Impediment.objects.create(receivable=row.receivable, kind="court_order", told_on=MONDAY)


@pytest.mark.parametrize(
    ("off_on", "counts"), [(LAST, CLEAN), (LAST + timedelta(days=1), LATE), (None, LATE)]
)
@pytest.mark.parametrize(
    "wrong",
    [
        lambda row: write(row, status="received", open_amount=0),
        lambda row: write(row, status="partial", open_amount=Decimal(10)),
        lambda row: write(row, status="cancelled"),
        lambda row: write(row, renegotiated=True),
        lambda row: contested(row, "upheld"),
        forbidden_by_court,
        dead,
        co_debtor_dead,
    ],
)
def test_the_judge_sees_by_itself_what_nobody_told_the_product(
    row: Restriction,
    wrong: Callable[[Restriction], object],
    off_on: date | None,
    counts: tuple[int, int, int],
) -> None:
    # What stands at the end, wrong and without a duty, is late before its last day is over.
    assert judged(row, off_on=off_on, on_monday=lambda: wrong(row)) == counts


def test_a_contest_that_was_rejected_takes_nothing_off(row: Restriction) -> None:
    assert judged(row, on_monday=lambda: contested(row, "rejected")) == CLEAN


def test_a_contest_counts_from_when_it_was_told(row: Restriction) -> None:
    told_on = MONDAY - timedelta(days=3)
    opened = partial(contested, row, "upheld", told_on)
    assert judged(row, on_monday=opened, off_on=LAST) == LATE


def test_a_new_holder_is_known_to_people_only(row: Restriction) -> None:
    found = Findings(told={row.pk: MONDAY})
    for day, late in ((LAST, 0), (LAST + timedelta(days=1), 1)):
        with on(day):
            look_at_the_day(found)
        assert len(found.late) == late


@pytest.mark.parametrize(("days", "counts"), [(0, CLEAN), (1, LATE)])
def test_five_years_are_the_end(
    branch: Branch, row: Restriction, days: int, counts: tuple[int, int, int]
) -> None:
    due = date(THURSDAY.year - 5, THURSDAY.month, THURSDAY.day) - timedelta(days=days)
    write(row, due_date=due)
    Restriction.objects.filter(pk=row.pk).update(due_date=due)
    found = Findings(seen={row.pk})
    with on(THURSDAY):
        look_at_the_day(found)
    assert (len(found.late), 0, 0) == counts


@pytest.mark.parametrize(
    "unlawful",
    [
        lambda row: write(row, status="received", open_amount=0),
        lambda row: write(row, renegotiated=True),
        lambda row: write(row, due_date=MONDAY),
        lambda row: write(row, status="partial", open_amount=Decimal(10)),
        lambda row: contested(row, ""),
        lambda row: Customer.objects.filter(pk=row.customer_id).update(street=""),
        lambda row: Customer.objects.filter(pk=row.customer_id).update(document=CPF),
        lambda row: Contract.objects.update(kind="telecom"),
        lambda row: Contract.objects.update(co_debtor=factories.customer(row.branch, mobile="")),
        dead,
        forbidden_by_court,
    ],
)
def test_a_listing_that_the_slow_gate_forbids(
    row: Restriction, unlawful: Callable[[Restriction], object]
) -> None:
    """Put in by hand, behind every service; the look a day later does not count it again."""
    unlawful(row)
    found = Findings()
    for day in (MONDAY, MONDAY + timedelta(days=1)):
        with on(day):
            look_at_what_left(found)
    assert (len(found.forbidden), found.unexplained) == (1, {})


def test_a_listing_that_was_over_before_anybody_looked(row: Restriction) -> None:
    Restriction.objects.filter(pk=row.pk).update(sent_at=row.requested_at)
    take_off(row)
    assert judged(row) == FORBIDDEN


@pytest.mark.parametrize("twice", [True, False])
def test_what_the_bureau_has_and_we_do_not(row: Restriction, twice: bool) -> None:
    def more(line: dict[str, Any]) -> list[dict[str, Any]]:
        return [line, line if twice else {**line, "referencia": "outra"}]

    assert judged(row, line=more) == FORBIDDEN


@pytest.mark.parametrize(
    "unexplained",
    [
        lambda row: Restriction.objects.update(gate=None),
        lambda row: Restriction.objects.update(gate=[["debt.open", "fail"]]),
        lambda row: Restriction.objects.update(status=Status.REMOVAL_SENT),
        lambda row: record_event(row, text="", source=Source.SYNC, before=row.status),
        lambda row: record_event(row, text="Baixada.", source=Source.SYNC, before="sent"),
        lambda row: record_event(
            row, text="Baixada.", source=Source.SYNC, before=row.status, status="removed"
        ),
    ],
)
def test_a_listing_that_nobody_could_explain(
    row: Restriction, unexplained: Callable[[Restriction], object]
) -> None:
    unexplained(row)
    assert judged(row) == UNEXPLAINED


@pytest.mark.parametrize("missing", ["removal_reason", "removal_code"])
def test_a_removal_that_nobody_could_explain(row: Restriction, missing: str) -> None:
    take_off(row)
    Restriction.objects.filter(pk=row.pk).update(**{missing: ""})
    assert judged(row) == UNEXPLAINED


@pytest.mark.parametrize(
    ("by_a_person", "problem", "counts"),
    [(True, "", CLEAN), (False, "A dívida foi paga.", CLEAN), (False, "", UNEXPLAINED)],
)
def test_a_cancelled_request_says_who_or_why(
    branch: Branch, operator: User, by_a_person: bool, problem: str, counts: tuple[int, int, int]
) -> None:
    debt = factories.receivable(factories.customer(branch))
    row = bare.listing(debt, Status.QUEUED, gate=[["debt.open", "pass"]])
    Restriction.objects.filter(pk=row.pk).update(
        status=Status.CANCELLED, due_at=None, problem=problem
    )
    record_event(
        row,
        text="Cancelada antes de sair.",
        source=Source.PERSON if by_a_person else Source.ROUTINE,
        actor=operator if by_a_person else None,
        before=Status.QUEUED,
        status=Status.CANCELLED,
    )
    row.refresh_from_db()
    assert judged(row, line=lambda line: []) == counts


@pytest.mark.parametrize(
    "change",
    [
        {"valor": "1.00"},
        {"vencimento": "2020-01-01"},
        {"protocolo": "outro"},
        {"versao": 9},
        {"coobrigado": CPF},
        {"situacao": "COMUNICADO_ENVIADO"},
    ],
)
def test_a_listing_of_which_the_bureau_has_something_else(
    row: Restriction, change: dict[str, Any]
) -> None:
    assert judged(row, line=lambda line: line | change) == UNEXPLAINED


def test_a_listing_of_which_the_bureau_has_nothing(row: Restriction) -> None:
    assert judged(row, line=lambda line: []) == UNEXPLAINED
