"""The amount that is listed, item by item, against a reference in exact fractions."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regua.organization.models import GeneralParameters
from regua.receivables.models import Receivable
from regua.restrictions.amounts import Amount, amount_to_list, updated

DUE = date(2026, 1, 10)
money = st.decimals(Decimal("0.01"), Decimal("999999.99"), places=2)


def half_up(value: Fraction) -> Fraction:
    return Fraction(floor(value * 100 + Fraction(1, 2)), 100)


@given(
    principal=money,
    days=st.integers(0, 1800),
    fine=st.decimals(0, 2, places=2),
    interest=st.decimals(0, 1, places=2),
)
def test_it_is_what_exact_fractions_say(
    principal: Decimal, days: int, fine: Decimal, interest: Decimal
) -> None:
    got = updated(
        principal,
        DUE,
        on=DUE + timedelta(days=days),
        fine_percent=fine,
        interest_percent=interest,
    )
    owed = Fraction(principal)
    assert got.principal == principal
    assert Fraction(got.fine) == (half_up(owed * Fraction(fine) / 100) if days else 0)
    assert Fraction(got.interest) == half_up(owed * Fraction(interest) / 100 * days / 30)
    assert got.total == got.principal + got.fine + got.interest
    assert all(item == round(item, 2) for item in (got.fine, got.interest, got.total))
    # What the law allows at most, to the half cent of the rounding.
    assert Fraction(got.fine) <= owed * 2 / 100 + Fraction(1, 200)


@pytest.mark.parametrize(
    ("principal", "days", "fine", "interest"),
    [
        ("100.00", 30, "2.00", "1.00"),
        ("100.00", 1, "2.00", "0.03"),
        ("100.00", 0, "0.00", "0.00"),
        ("100.00", -3, "0.00", "0.00"),
        ("0.25", 30, "0.01", "0.00"),  # half a cent of fine goes up
        ("149.90", 45, "3.00", "2.25"),
        ("129.90", 365, "2.60", "15.80"),
    ],
)
def test_worked_examples(principal: str, days: int, fine: str, interest: str) -> None:
    got = updated(
        Decimal(principal),
        DUE,
        on=DUE + timedelta(days=days),
        fine_percent=Decimal(2),
        interest_percent=Decimal(1),
    )
    assert (got.fine, got.interest) == (Decimal(fine), Decimal(interest))


def test_by_parameter_only() -> None:
    debt = Receivable(open_amount=Decimal("100.00"), amount=Decimal("150.00"), due_date=DUE)
    day = DUE + timedelta(days=60)
    plain = amount_to_list(debt, general=GeneralParameters(), on=day)
    assert (plain, plain.items) == (Amount(Decimal("100.00")), [])
    general = GeneralParameters(amount_updated=True)
    assert amount_to_list(debt, general=general, on=day).items == [
        ("Principal", Decimal("100.00")),
        ("Multa", Decimal("2.00")),
        ("Juros", Decimal("2.00")),
    ]
