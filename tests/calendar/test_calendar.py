"""Business days against dates counted by hand on paper calendars, and what always holds."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regua.calendar import (
    CORRECTION_DAYS,
    business_day_after,
    business_days_left,
    is_business_day,
    last_day_listed,
    national_holidays,
    state_holidays,
)

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("start", "last", "why"),
    [
        ("2026-11-23", "2026-11-30", "a plain week: Tue Wed Thu Fri Mon"),
        ("2026-11-13", "2026-11-23", "Fri 13; Sun 15 and Fri 20 November are holidays"),
        ("2023-11-16", "2023-11-23", "20 November was an ordinary Monday in 2023"),
        ("2024-11-18", "2024-11-26", "and none since 2024: Tue 19, Thu 21, Fri, Mon, Tue 26"),
        ("2026-04-01", "2026-04-09", "Good Friday 3 April does not count"),
        ("2025-04-16", "2025-04-25", "Good Friday 18 and Tiradentes, Monday 21 April"),
        ("2026-12-23", "2026-12-31", "Christmas; 31 December does count"),
        ("2026-12-28", "2027-01-05", "1 January 2027 is a Friday"),
        ("2026-02-13", "2026-02-20", "Carnival Monday and Tuesday do count"),
        ("2026-06-03", "2026-06-10", "Corpus Christi, Thursday 4 June, counts"),
        ("2028-02-25", "2028-03-03", "29 February 2028 is an ordinary Tuesday"),
        ("2026-11-21", "2026-11-27", "money available on a Saturday: Monday is the first day"),
        ("2026-11-22", "2026-11-27", "on a Sunday: the same"),
        ("2026-09-04", "2026-09-14", "Independence Day is a Monday"),
    ],
)
def test_five_business_days_by_hand(start: str, last: str, why: str) -> None:
    counted = business_day_after(date.fromisoformat(start), CORRECTION_DAYS)
    assert counted == date.fromisoformat(last), why


def test_a_local_day_off_lengthens_only_where_it_is_one() -> None:
    start, local = date(2026, 7, 6), date(2026, 7, 9)
    assert business_day_after(start, 5) == date(2026, 7, 13)
    assert business_day_after(start, 5, {local}) == date(2026, 7, 14)
    assert business_day_after(start, 5, {date(2026, 7, 11)}) == date(2026, 7, 13), "a Saturday"
    assert state_holidays("SP", 2026) == {local: state_holidays("SP", 2026)[local]}
    assert local not in national_holidays(2026)


@pytest.mark.parametrize(
    ("today", "left"),
    [
        ("2026-11-23", 4),
        ("2026-11-26", 1),
        ("2026-11-27", 0),
        ("2026-11-28", -1),  # Saturday: late, though no business day has passed
        ("2026-11-29", -1),
        ("2026-11-30", -1),
        ("2026-12-01", -2),
    ],
)
def test_what_is_left_until_a_friday(today: str, left: int) -> None:
    assert business_days_left(date.fromisoformat(today), date(2026, 11, 27)) == left


def test_on_a_weekend_before_a_monday_one_is_left() -> None:
    for today in (date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 29)):
        assert business_days_left(today, date(2026, 11, 30)) == 1


@pytest.mark.parametrize(
    ("due", "last"),
    [
        ("2021-11-24", "2026-11-24"),
        ("2020-02-28", "2025-02-27"),  # from 29 February, which 2025 does not have
        ("2020-02-29", "2025-02-28"),
        ("2024-02-28", "2029-02-27"),
        ("2021-12-31", "2026-12-31"),
    ],
)
def test_five_years_from_the_day_after(due: str, last: str) -> None:
    assert last_day_listed(date.fromisoformat(due)) == date.fromisoformat(last)


def test_none_is_no_count() -> None:
    with pytest.raises(ValueError, match="at least one"):
        business_day_after(date(2026, 1, 1), 0)


OFF = st.frozensets(DAYS, max_size=6)


@given(start=DAYS, count=st.integers(1, 30), off=OFF)
def test_the_nth_business_day_has_n_business_days_before_it(
    start: date, count: int, off: frozenset[date]
) -> None:
    last = business_day_after(start, count, off)
    assert is_business_day(last, off)
    assert business_days_left(start, last, off) == count
    assert business_days_left(last, last, off) == 0


@given(start=DAYS, count=st.integers(1, 30), off=OFF)
def test_a_day_off_never_shortens(start: date, count: int, off: frozenset[date]) -> None:
    assert business_day_after(start, count, off) >= business_day_after(start, count)


@given(start=DAYS, later=st.integers(0, 40), count=st.integers(1, 10), off=OFF)
def test_a_later_start_never_ends_earlier(
    start: date, later: int, count: int, off: frozenset[date]
) -> None:
    moved = business_day_after(start + later * DAY, count, off)
    assert moved >= business_day_after(start, count, off)


@given(today=DAYS, last=DAYS, off=OFF)
def test_late_is_negative_and_in_time_is_not(today: date, last: date, off: frozenset[date]) -> None:
    left = business_days_left(today, last, off)
    assert (left < 0) == (today > last)
    assert business_days_left(today + DAY, last, off) <= left


@given(due=st.dates(date(1996, 1, 1), date(2090, 1, 1)))
def test_the_five_years_are_never_longer(due: date) -> None:
    last = last_day_listed(due)
    assert last.year - due.year == 5
    assert last <= due.replace(year=due.year + 5, day=min(due.day, 28)) + 3 * DAY
    assert timedelta(days=5 * 365 - 1) <= last - due <= timedelta(days=5 * 365 + 2)
