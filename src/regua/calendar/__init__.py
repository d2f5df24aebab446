"""Business days and the deadlines counted in them. Pure Python.

Saturdays, Sundays and national holidays do not count; what a state or a municipality adds is passed
in as ``days_off``, because each day that does not count lengthens a deadline: the shortest lawful
count is the default. Optional days (Carnival, Corpus Christi) count as business days.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from functools import cache

import holidays

CORRECTION_DAYS = 5
"""Business days to take off a paid debt (Súmula STJ 548) or mend wrong data (CDC, art. 43 § 3º)."""

_DAY = timedelta(days=1)
_SATURDAY = 5


@cache
def national_holidays(year: int) -> dict[date, str]:
    """Day → name in Portuguese; 20 November since 2024 (Lei 14.759/2023)."""
    return dict(holidays.country_holidays("BR", years=year, language="pt_BR"))


@cache
def state_holidays(state: str, year: int) -> dict[date, str]:
    """Those of a UF besides the national ones, as the ``holidays`` package knows them.

    They count only where the operator takes them into its own list.
    """
    everything = holidays.country_holidays("BR", subdiv=state, years=year, language="pt_BR")
    national = national_holidays(year)
    return {day: name for day, name in everything.items() if day not in national}


def is_business_day(day: date, days_off: Collection[date] = ()) -> bool:
    return (
        day.weekday() < _SATURDAY and day not in national_holidays(day.year) and day not in days_off
    )


def business_day_after(start: date, count: int, days_off: Collection[date] = ()) -> date:
    """The ``count``-th business day after ``start``, which itself is not counted."""
    if count < 1:
        raise ValueError("count at least one business day")
    day = start
    while count:
        day += _DAY
        count -= is_business_day(day, days_off)
    return day


def business_days_left(today: date, last: date, days_off: Collection[date] = ()) -> int:
    """Business days that begin after ``today``, up to ``last``: 0 on the last day itself.

    Negative once it is past: how many business days ago it was, and at least one, also on the
    Saturday after a Friday.
    """
    if last < today:
        return -max(1, _business_days(last, today, days_off))
    return _business_days(today, last, days_off)


def _business_days(after: date, last: date, days_off: Collection[date]) -> int:
    span = range(1, (last - after).days + 1)
    return sum(is_business_day(after + timedelta(days=number), days_off) for number in span)


def last_day_listed(due_date: date) -> date:
    """The last day on which a debt may stand at a bureau: the day before the five years are over.

    They run from the day after the due date (CDC, art. 43, § 1º; Súmula STJ 323); where the fifth
    year has no 29 February they end on the 28th.
    """
    start = due_date + _DAY
    try:
        end = start.replace(year=start.year + 5)
    except ValueError:
        end = start.replace(year=start.year + 5, day=28)
    return end - _DAY
