"""What was found in a year, and the last lawful day counted by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

import holidays

from regua.restrictions.choices import Status
from regua.restrictions.models import Restriction

_NATIONAL = holidays.country_holidays("BR", years=range(2015, 2040))


@dataclass(slots=True)
class Findings:
    """What is not as it should be: a sentence each, once for every listing."""

    late: dict[int, str] = field(default_factory=dict)
    forbidden: dict[int | str, str] = field(default_factory=dict)
    unexplained: dict[int | str, str] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    """Listings that the slow gate has been asked about when they left."""
    told: dict[int, date] = field(default_factory=dict)
    """Listing → since when it has to come off, where only people know."""
    wrong_since: dict[int, date] = field(default_factory=dict)
    """Listing → since when it has to come off, as its debt and its debtor show."""

    @property
    def clean(self) -> bool:
        return not (self.late or self.forbidden or self.unexplained)

    def is_late(self, listing: int, how: str) -> None:
        self.late.setdefault(listing, f"nº {listing} {how}")

    def summary(self, customers: int) -> str:
        removals = Restriction.objects.filter(status=Status.REMOVED).count()
        listings = Restriction.objects.filter(sent_at__isnull=False).count()
        return (
            f"year customers={customers} listings={listings} removals={removals}"
            f" late={len(self.late)} forbidden={len(self.forbidden)}"
            f" unexplained={len(self.unexplained)}"
        )


@cache
def fifth_business_day(start: date) -> date:
    """Counted by hand once more: neither weekends nor national holidays."""
    day, left = start, 5
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5 and day not in _NATIONAL
    return day
