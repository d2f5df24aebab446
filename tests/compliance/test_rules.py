"""Every rule of the gate: where it holds, where it does not, and the day between the two."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from regua.accounts.models import User
from regua.compliance.models import NoticeTerm, RuleOverride
from regua.compliance.rules import BY_CODE, RULES, Profile, Severity
from regua.compliance.selectors import State, customer_gaps, evaluate, notice_days
from regua.organization.models import Branch, GeneralParameters
from regua.receivables.models import Receivable
from regua.restrictions.choices import Status
from tests import factories
from tests.compliance.cases import DUE, ENDED, NOTICE, SUSPENDED, TODAY, Given, keep, make
from tests.restrictions import bare

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LEAP = date(2020, 2, 28)
"""The day after it is a 29 February."""


def state_of(code: str, debt: Receivable, today: date = TODAY) -> State | None:
    found = evaluate([debt.pk], today=today)[debt.pk]
    return next((f.state for f in found if f.rule.code == code), None)


def debt(**fields: Any) -> Given:
    return Given(debt=fields)


def customer(**fields: Any) -> Given:
    return Given(customer=fields)


def contract(**fields: Any) -> Given:
    return Given(contract=fields)


def due(day: date, today: date = TODAY, **more: Any) -> Given:
    return Given(debt={"due_date": day}, today=today, **more)


PASS, FAIL, MISSING = State.PASS, State.FAIL, State.MISSING
PAID = {"status": "received", "open_amount": 0}
TABLE: list[tuple[str, State, Given]] = [
    ("debt.open", PASS, debt()),
    ("debt.open", PASS, debt(status="partial", open_amount=Decimal("0.01"))),
    ("debt.open", FAIL, debt(**PAID)),
    ("debt.open", FAIL, debt(status="cancelled", open_amount=100)),
    ("debt.overdue", PASS, due(TODAY - DAY)),
    ("debt.overdue", FAIL, due(TODAY)),
    ("debt.overdue", FAIL, due(TODAY + DAY)),
    ("debt.min_days", PASS, due(TODAY - 5 * DAY)),
    ("debt.min_days", FAIL, due(TODAY - 4 * DAY)),
    # Due on 24/11/2021: the five years run from the 25th and end on 24/11/2026.
    ("debt.five_years", PASS, due(date(2021, 11, 24))),
    ("debt.five_years", FAIL, due(date(2021, 11, 23))),
    ("debt.five_years", PASS, due(LEAP, today=date(2025, 2, 27))),
    ("debt.five_years", FAIL, due(LEAP, today=date(2025, 2, 28))),
    ("debt.five_years", PASS, due(LEAP + DAY, today=date(2025, 2, 28))),
    ("debt.five_years", FAIL, due(LEAP + DAY, today=date(2025, 3, 1))),
    ("debt.bureau_age", PASS, due(date(2021, 12, 24))),
    ("debt.bureau_age", FAIL, due(date(2021, 12, 23))),
    ("debt.bureau_age", PASS, due(date(2021, 3, 31), today=date(2026, 2, 28))),
    ("debt.bureau_age", FAIL, due(date(2021, 3, 31), today=date(2026, 3, 1))),
    ("debt.notice_ends_in_time", PASS, due(date(2021, 12, 4))),
    ("debt.notice_ends_in_time", FAIL, due(date(2021, 12, 3))),
    ("debt.not_prescribed", PASS, due(date(2021, 11, 25))),
    ("debt.not_prescribed", FAIL, due(date(2021, 11, 24))),
    ("debt.min_amount", PASS, debt(amount=10)),
    ("debt.min_amount", FAIL, debt(amount=Decimal("9.99"))),
    ("debt.min_amount", FAIL, debt(status="partial", open_amount=Decimal("9.99"))),
    ("debt.max_amount", PASS, debt(amount=Decimal("999999999999.99"))),
    ("debt.not_renegotiated", PASS, debt()),
    ("debt.not_renegotiated", FAIL, debt(renegotiated=True)),
    ("debt.not_disputed", FAIL, debt(disputed=True)),
    ("debt.not_disputed", FAIL, Given(impediment="contest")),
    ("debt.not_disputed", PASS, Given(impediment="contest", impediment_closed=True)),
    ("debt.not_disputed", PASS, Given(impediment="court_order")),
    ("debt.no_court_order", FAIL, Given(impediment="court_order")),
    ("debt.no_court_order", PASS, Given(impediment="court_order", impediment_closed=True)),
    ("debt.no_court_order", PASS, Given(impediment="contest")),
    ("debt.not_awaiting_confirmation", PASS, debt()),
    ("debt.not_awaiting_confirmation", FAIL, debt(awaiting_confirmation=True)),
    ("debt.not_listed", PASS, debt()),
    ("debtor.of_age", PASS, customer(birth_date=date(2008, 6, 1))),
    ("debtor.of_age", FAIL, customer(birth_date=date(2008, 6, 2))),
    ("debtor.of_age", PASS, customer(birth_date=None)),
    (
        "debtor.of_age",
        FAIL,
        due(date(2022, 2, 28), customer={"birth_date": date(2004, 2, 29)}),
    ),
    (
        "debtor.of_age",
        PASS,
        due(date(2022, 3, 1), customer={"birth_date": date(2004, 2, 29)}),
    ),
    ("debtor.of_age", PASS, Given(company=True)),
    ("debtor.alive", PASS, debt()),
    ("debtor.alive", FAIL, customer(deceased_on=date(2026, 11, 24))),
    ("debtor.not_creditor", PASS, Given(company=True)),
    ("debtor.document_valid", PASS, customer(document="12345678909")),
    ("debtor.document_valid", FAIL, customer(document="12345678900")),
    ("debtor.document_valid", FAIL, customer(document="11111111111")),
    ("debtor.document_valid", PASS, Given(company=True, customer={"document": "12ABC34501DE35"})),
    ("debtor.document_valid", FAIL, Given(company=True, customer={"document": "12ABC34501DE00"})),
    ("data.sex", PASS, debt()),
    ("data.sex", FAIL, customer(sex="")),
    ("data.sex", PASS, Given(company=True)),
    ("data.birth_date", PASS, debt()),
    ("data.birth_date", FAIL, customer(birth_date=None)),
    ("data.birth_date", PASS, Given(company=True)),
    ("data.mobile", PASS, customer(mobile="11987654321")),
    ("data.mobile", FAIL, customer(mobile="")),
    ("data.mobile", FAIL, customer(mobile="1133334444")),
    ("data.mobile", FAIL, customer(mobile="11887654321")),
    *[
        (f"data.{name}", state, customer(**{name: value}))
        for name, good in factories.ADDRESS.items()
        for state, value in ((PASS, good), (FAIL, ""))
    ],
    ("data.street", FAIL, customer(street="  ")),
    ("evidence.debt_document", PASS, debt()),
    ("evidence.debt_document", State.WARN, Given(proofs={"debt_document": None})),
    (
        "evidence.debt_document",
        PASS,
        Given(proofs={"debt_document": {"whole_contract": False}}),
    ),
    ("telecom.notice", PASS, debt()),
    ("telecom.notice", PASS, Given(proofs={"overdue_notice": {"dated_on": DUE + DAY}})),
    ("telecom.notice", MISSING, Given(proofs={"overdue_notice": {"dated_on": DUE}})),
    ("telecom.notice", MISSING, Given(proofs={"overdue_notice": None})),
    ("telecom.suspended", PASS, contract(suspended_on=SUSPENDED)),
    ("telecom.suspended", FAIL, contract(suspended_on=SUSPENDED - DAY)),
    ("telecom.suspended", FAIL, contract(suspended_on=None)),
    ("telecom.suspended", FAIL, Given(proofs={"overdue_notice": None})),
    ("telecom.rescission_term", PASS, contract(ended_on=ENDED)),
    ("telecom.rescission_term", FAIL, contract(ended_on=ENDED - DAY)),
    ("telecom.rescission_term", FAIL, contract(ended_on=None)),
    ("telecom.rescission_term", FAIL, contract(suspended_on=None)),
    ("telecom.rescinded", PASS, Given(today=ENDED)),
    ("telecom.rescinded", FAIL, Given(today=ENDED - DAY)),
    ("telecom.rescinded", FAIL, contract(ended_on=None)),
    ("telecom.earliest", PASS, Given(today=NOTICE + 75 * DAY)),
    ("telecom.earliest", FAIL, Given(today=NOTICE + 74 * DAY)),
    ("telecom.earliest", FAIL, Given(proofs={"overdue_notice": None})),
    ("telecom.rescission_proof", PASS, debt()),
    ("telecom.rescission_proof", MISSING, Given(proofs={"rescission_proof": None})),
]


@pytest.mark.parametrize(
    ("code", "expected", "given"),
    TABLE,
    ids=[f"{n}-{row[0]}-{row[1]}" for n, row in enumerate(TABLE)],
)
def test_rule(code: str, expected: State, given: Given, branch: Branch, manager: User) -> None:
    row = make(given, branch, manager)
    assert state_of(code, row, given.today) is expected


# The co-debtor's rules answer only where there is one: tests/restrictions/test_co_debtor.py.
OF_ONE_DEBTOR = [rule for rule in RULES if not rule.code.startswith("co_debtor.")]


def test_the_table_has_both_answers_of_every_rule() -> None:
    answered = {(code, state is PASS) for code, state, _ in TABLE}
    elsewhere = {
        ("debt.max_amount", False),
        ("debt.not_listed", False),
        ("debtor.not_creditor", False),
    }
    assert {
        (rule.code, holds) for rule in OF_ONE_DEBTOR for holds in (True, False)
    } == answered | elsewhere


def test_a_debt_in_order_passes_every_rule(branch: Branch, manager: User) -> None:
    row = make(Given(), branch, manager)
    found = evaluate([row.pk], today=TODAY)[row.pk]
    assert [f.rule for f in found] == OF_ONE_DEBTOR
    assert {f.state for f in found} == {PASS}


@pytest.mark.parametrize("status", Status)
def test_a_live_listing_stands_in_the_way_unless_it_is_the_one_meant(
    status: Status, branch: Branch, manager: User
) -> None:
    bare.integration(branch)
    row = make(Given(), branch, manager)
    listing = bare.listing(row, status)
    ended = status in (Status.REMOVED, Status.REFUSED, Status.CANCELLED)
    assert state_of("debt.not_listed", row) is (PASS if ended else FAIL)
    found = evaluate([row.pk], today=TODAY, apart_from=[listing.pk])[row.pk]
    assert {f.state for f in found} == {PASS}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("12345678000195", FAIL),  # the branch itself
        ("12345678000276", FAIL),  # another establishment of the same company
        ("12345679000175", PASS),
    ],
)
def test_the_creditor_owes_itself_nothing(
    document: str, expected: State, branch: Branch, manager: User
) -> None:
    branch.document = "12345678000195"
    branch.save()
    row = make(Given(company=True, customer={"document": document}), branch, manager)
    assert state_of("debtor.not_creditor", row) is expected


def test_parameters_move_the_limits(branch: Branch, manager: User) -> None:
    GeneralParameters.objects.create(
        pk=1, listing_min_days=30, listing_min_amount=50, listing_max_amount=100
    )
    row = make(due(TODAY - 30 * DAY), branch, manager)
    for code in ("debt.min_days", "debt.min_amount", "debt.max_amount"):
        assert state_of(code, row) is PASS
    assert state_of("debt.min_days", row, TODAY - DAY) is FAIL
    Receivable.objects.filter(pk=row.pk).update(
        amount=Decimal("100.01"), open_amount=Decimal("100.01")
    )
    assert state_of("debt.max_amount", row) is FAIL
    Receivable.objects.filter(pk=row.pk).update(
        amount=Decimal("49.99"), open_amount=Decimal("49.99")
    )
    assert state_of("debt.min_amount", row) is FAIL


def test_the_telecom_rules_are_asked_of_telecom_debts_while_the_profile_is_on(
    branch: Branch, manager: User
) -> None:
    row = make(Given(), branch, manager)
    telecom = {rule.code for rule in RULES if rule.profile is Profile.TELECOM}

    def asked() -> set[str]:
        found = evaluate([row.pk], today=TODAY)[row.pk]
        return {f.rule.code for f in found if f.rule.profile is Profile.TELECOM}

    assert asked() == telecom
    row.contract.kind = "other"
    row.contract.save()
    assert asked() == set()
    row.contract.kind = "telecom"
    row.contract.save()
    GeneralParameters.objects.create(pk=1, telecom_profile=False)
    assert asked() == set()


def test_the_debt_document_is_asked_for_where_the_company_says_so(
    branch: Branch, manager: User
) -> None:
    row = make(Given(proofs={"debt_document": None}), branch, manager)
    assert state_of("evidence.debt_document", row) is State.WARN
    GeneralParameters.objects.create(pk=1, require_debt_document=True)
    assert state_of("evidence.debt_document", row) is MISSING


def test_what_proves_another_debt_or_was_withdrawn_proves_nothing_here(
    branch: Branch, manager: User
) -> None:
    nothing = {"debt_document": None, "overdue_notice": None, "rescission_proof": None}
    row = make(Given(proofs=nothing), branch, manager)
    sibling = factories.receivable(row.customer, contract=row.contract, due_date=DUE)
    stranger = make(Given(), branch, manager)
    codes = ("evidence.debt_document", "telecom.notice", "telecom.rescission_proof")

    def proved() -> list[bool]:
        return [state_of(code, row) is PASS for code in codes]

    assert proved() == [False] * 3, stranger
    proofs = [
        keep(kind, sibling, manager, whole_contract=False, dated_on=NOTICE)
        for kind in ("debt_document", "overdue_notice", "rescission_proof")
    ]
    assert proved() == [False] * 3
    for proof in proofs:
        proof.receivable = None
        proof.save()
    assert proved() == [True] * 3
    for proof in proofs:
        proof.withdrawn_at, proof.withdrawn_by = timezone.now(), manager
        proof.save()
    assert proved() == [False] * 3


def test_the_first_notice_after_the_due_date_counts(branch: Branch, manager: User) -> None:
    row = make(Given(proofs={"overdue_notice": {"dated_on": NOTICE + 30 * DAY}}), branch, manager)
    assert state_of("telecom.suspended", row) is FAIL
    keep("overdue_notice", row, manager, dated_on=DUE - 30 * DAY)  # of an earlier month
    assert state_of("telecom.suspended", row) is FAIL
    keep("overdue_notice", row, manager, dated_on=NOTICE)
    assert state_of("telecom.suspended", row) is PASS


def test_the_notice_term_of_the_state(branch: Branch, manager: User) -> None:
    NoticeTerm.objects.create(state="PE", days=20, source="Birô")
    last = {"SP": date(2021, 12, 4), "PE": date(2021, 12, 14)}
    for state, day in last.items():
        for due_date, expected in ((day, PASS), (day - DAY, FAIL)):
            row = make(due(due_date, customer={"state": state}), branch, manager)
            assert state_of("debt.notice_ends_in_time", row) is expected, (state, due_date)
    assert (notice_days("PE"), notice_days("SP"), notice_days("")) == (20, 10, 10)


FAILING = {code: given for code, state, given in TABLE if state is not PASS}


@pytest.mark.parametrize("code", sorted(FAILING))
def test_an_override_counts_only_where_the_rule_admits_one(
    code: str, branch: Branch, manager: User
) -> None:
    rule, failing = BY_CODE[code], FAILING[code]
    row = make(failing, branch, manager)
    before = state_of(rule.code, row, failing.today)
    given = RuleOverride.objects.create(
        receivable=row, rule=rule.code, actor=manager, reason="Decisão da diretoria."
    )
    now = state_of(rule.code, row, failing.today)
    assert now is (State.OVERRIDDEN if rule.overridable else before)
    given.withdrawn_at, given.withdrawn_by = timezone.now(), manager
    given.save()
    assert state_of(rule.code, row, failing.today) is before


def test_from_when_a_rule_will_hold(branch: Branch, manager: User) -> None:
    row = make(Given(), branch, manager)
    assert {f.opens_on for f in evaluate([row.pk], today=TODAY)[row.pk]} == {None}
    found = {f.rule.code: f.opens_on for f in evaluate([row.pk], today=DUE)[row.pk]}
    assert {code: day for code, day in found.items() if day} == {
        "debt.overdue": DUE + DAY,
        "debt.min_days": DUE + 5 * DAY,
        "telecom.rescinded": ENDED,
        "telecom.earliest": NOTICE + 75 * DAY,
    }
    for code, day in found.items():
        if day:
            assert state_of(code, row, day) is PASS
            assert state_of(code, row, day - DAY) is FAIL


def test_customer_gaps_are_the_rules_on_the_customers_own_fields(
    branch: Branch, manager: User
) -> None:
    row = make(customer(sex="", mobile="", street=""), branch, manager)
    gaps = {rule.code for rule in customer_gaps(row.customer_id)}
    failing = {f.rule.code for f in evaluate([row.pk], today=TODAY)[row.pk] if not f.passed}
    assert gaps == failing == {"data.sex", "data.mobile", "data.street"}
    assert customer_gaps(0) == []


def test_nothing_is_asked_of_nothing(db: None) -> None:
    assert evaluate([]) == {}
    assert evaluate([0]) == {}


def test_one_query_however_many(
    branch: Branch, manager: User, django_assert_num_queries: Any
) -> None:
    rows = [make(Given(), branch, manager).pk for _ in range(3)]
    with django_assert_num_queries(2):  # and the general parameters
        assert set(evaluate(rows, today=TODAY)) == set(rows)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_says_what_it_asks_in_plain_portuguese(rule: Any) -> None:
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", rule.code)
    assert len(rule.code) <= RuleOverride._meta.get_field("rule").max_length
    assert len(rule.citation) >= 5
    assert rule.title[0].isupper()
    assert not rule.title.endswith(".")
    assert rule.failure.endswith(".")
    for text in (rule.title, rule.failure):
        assert not re.search(r"usuário|registro|process|inválid|operação|null|%", text.lower())
        assert "  " not in text
    if rule.severity is Severity.EVIDENCE:
        assert rule.evidence
    if rule.field:
        assert not rule.overridable, "the bureau takes no listing without it"


def test_codes_are_unique() -> None:
    assert len(BY_CODE) == len(RULES)


def test_every_predicate_answers_yes_or_no_even_of_an_empty_record(
    branch: Branch, manager: User
) -> None:
    """An unknown (NULL) would pass for "does not concern it"."""
    nothing = {"debt_document": None, "overdue_notice": None, "rescission_proof": None}
    empty = dict.fromkeys((*factories.ADDRESS, "sex", "mobile"), "") | {"birth_date": None}
    row = make(
        Given(
            customer=empty,
            proofs=nothing,
            contract={"suspended_on": None, "ended_on": None, "started_on": None},
        ),
        branch,
        manager,
    )
    assert len(evaluate([row.pk], today=TODAY)[row.pk]) == len(OF_ONE_DEBTOR)


def test_the_evidence_of_a_debt_is_sought_by_its_index(branch: Branch, manager: User) -> None:
    from regua.compliance.rules import FROM_DEBT

    make(Given(), branch, manager)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN SELECT e.* FROM {FROM_DEBT} WHERE r.id = 1")
        assert "evidence_by_contract" in "\n".join(line for (line,) in cursor.fetchall())
