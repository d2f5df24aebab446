"""The gate in SQL and the gate in plain Python answer the same of debts drawn at random."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regua.accounts.models import User
from regua.compliance.models import NoticeTerm
from regua.compliance.selectors import evaluate
from regua.documents import generate
from regua.organization.models import Branch, GeneralParameters
from regua.receivables.models import Receivable
from tests.compliance.cases import Given, make
from tests.compliance.reference import ADDRESS, answers, facts_of, plus_months, plus_years

pytestmark = pytest.mark.django_db
_number = count(1)

TODAYS = [date(2024, 2, 29), date(2025, 2, 28), date(2025, 3, 1), date(2026, 11, 24)]
around = st.integers(-2, 2)


@st.composite
def due_dates(draw: st.DrawFn, today: date) -> date:
    """Near every limit that counts from it."""
    anchor = draw(
        st.sampled_from(
            [
                today,
                today - timedelta(days=5),
                today - timedelta(days=75),
                plus_months(today, -59),
                plus_years(today, -5),
                plus_years(today, -5) + timedelta(days=10),
                plus_years(today, -5) + timedelta(days=20),
                date(2020, 2, 29),
            ]
        )
    )
    return anchor + timedelta(days=draw(around))


def days_near(day: date, *spans: int) -> st.SearchStrategy[date | None]:
    return st.none() | st.builds(
        lambda span, more: day + timedelta(days=span + more), st.sampled_from(spans), around
    )


def texts(good: str) -> st.SearchStrategy[str]:
    return st.sampled_from([good, good, good, ""])


@st.composite
def people(draw: st.DrawFn, due: date, *, company: bool) -> dict[str, Any]:
    random = Random(next(_number))
    letters = draw(st.booleans())
    document = (generate.cnpj(random, letters=letters) if company else generate.cpf(random)).value
    if draw(st.integers(0, 5)) == 0:
        document = document[:-1] + str((int(document[-1]) + 1) % 10)
    return {
        "document": document,
        "sex": draw(texts("F")),
        "birth_date": draw(
            st.sampled_from([None, date(2004, 2, 29), date(1980, 5, 5)])
            | st.builds(lambda more: plus_years(due, -18) + timedelta(days=more), around)
        ),
        "deceased_on": draw(st.sampled_from([None, None, None, due])),
        "mobile": draw(st.sampled_from(["11987654321", "1133334444", "11887654321", ""])),
        "postal_code": draw(texts("01310100")),
        "street": draw(texts("Rua A")),
        "number": draw(texts("1")),
        "complement": draw(st.sampled_from(["Casa", " ", ""])),
        "district": draw(texts("Centro")),
        "city": draw(texts("São Paulo")),
        "state": draw(st.sampled_from(["SP", "PE", "MT", ""])),
    }


@st.composite
def co_debtors(draw: st.DrawFn, due: date) -> dict[str, Any]:
    """At most one field is bad: all of them make one rule."""
    drawn = draw(people(due, company=draw(st.booleans())))
    apart = draw(st.sampled_from(["sex", "mobile", *ADDRESS]))
    return {
        name: value
        for name, value in drawn.items()
        if name in ("document", "birth_date", "deceased_on", apart)
    }


@st.composite
def cases(draw: st.DrawFn, today: date) -> Given:
    due = draw(due_dates(today))
    company = draw(st.booleans())
    amount = draw(st.sampled_from(["9.99", "10.00", "49.99", "50.00", "100.00", "100.01"]))
    debt: dict[str, Any] = draw(
        st.sampled_from(
            [
                {"amount": Decimal(amount)},
                {"amount": Decimal(amount)},
                {"amount": Decimal(200), "open_amount": Decimal(amount), "status": "partial"},
                {"amount": Decimal(amount), "open_amount": Decimal(0), "status": "received"},
            ]
        )
    )
    flags = {
        name: draw(st.integers(0, 4)) == 0
        for name in ("renegotiated", "disputed", "awaiting_confirmation")
    }
    notice = draw(days_near(due, 0, 10))
    suspended = draw(days_near(notice or due, 15, 40))
    ended = draw(days_near(suspended or due, 60, 90) | st.just(today))
    customer = draw(people(due, company=company))
    proofs: dict[str, dict[str, Any] | None] = {
        "debt_document": draw(st.sampled_from([None, {}, {"whole_contract": False}])),
        "overdue_notice": notice and {"dated_on": notice, "whole_contract": draw(st.booleans())},
        "rescission_proof": draw(st.sampled_from([None, {"dated_on": due}])),
    }
    return Given(
        today=today,
        debt={"due_date": due, **debt, **flags},
        customer=customer,
        contract={
            "kind": draw(st.sampled_from(["telecom", "telecom", "other"])),
            "suspended_on": suspended,
            "ended_on": ended,
        },
        proofs=proofs,
        impediment=draw(st.sampled_from(["", "", "contest", "court_order"])),
        impediment_closed=draw(st.booleans()),
        company=company,
        co_debtor=draw(st.none() | co_debtors(due)),
    )


parameters = st.builds(
    GeneralParameters,
    pk=st.just(1),
    listing_min_days=st.sampled_from([0, 5, 30]),
    listing_min_amount=st.sampled_from([Decimal(0), Decimal(10), Decimal(50)]),
    listing_max_amount=st.sampled_from([None, Decimal(100)]),
    telecom_profile=st.sampled_from([True, True, False]),
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), today=st.sampled_from(TODAYS), general=parameters)
def test_sql_and_python_agree(
    branch: Branch, manager: User, data: st.DataObject, today: date, general: GeneralParameters
) -> None:
    drawn = data.draw(st.lists(cases(today), min_size=1, max_size=8))
    with transaction.atomic():
        general.save(force_insert=True)
        NoticeTerm.objects.create(state="PE", days=20, source="Birô")
        ids = [make(given, branch, manager).pk for given in drawn]
        debts = Receivable.objects.filter(pk__in=ids).select_related(
            "customer", "contract__co_debtor", "branch"
        )
        expected = {
            pk: answers(facts, general) for pk, facts in facts_of(debts, today=today).items()
        }
        found = {
            pk: {finding.rule.code: finding.passed for finding in findings}
            for pk, findings in evaluate(ids, today=today).items()
        }
        transaction.set_rollback(True)
    assert found == expected
