"""Two clocks: the calendar people see and the accelerated one that terms run on."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


class Clock:
    """The real time plus an offset of whole days that may only grow; negative, it began earlier.

    Advancing by a day moves the calendar by 24 hours and the terms by one accelerated day, so that
    both tell the same story.
    """

    def __init__(self, day_seconds: float, offset_days: int = 0) -> None:
        self.day_seconds = day_seconds
        self.offset_days = offset_days

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=self.offset_days)

    def today(self) -> date:
        return self.now().astimezone(SAO_PAULO).date()

    def term_now(self) -> float:
        """Seconds on the clock that terms are counted on."""
        return time.time() + self.offset_days * self.day_seconds

    def days(self, count: float) -> float:
        """How long a term of that many days lasts, in seconds of `term_now`."""
        return count * self.day_seconds


def to_microseconds(moment: datetime) -> int:
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def from_microseconds(microseconds: int) -> str:
    """ISO 8601 in São Paulo, always with six decimals."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    return moment.astimezone(SAO_PAULO).isoformat(timespec="microseconds")


def years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)
