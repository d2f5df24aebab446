"""When messages may leave: within the hours of *Parâmetros de cobrança*, never on a Sunday or a
holiday of the branch (CDC, art. 42: nobody is disturbed at rest to be asked for money)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from regua.calendar import national_holidays
from regua.dunning.models import DunningParameters
from regua.organization.models import Branch
from regua.organization.selectors import days_off

SATURDAY = 5


def leaves_at(
    branch: Branch, *, now: datetime | None = None, parameters: DunningParameters | None = None
) -> datetime:
    """The first moment from now on at which a message may leave."""
    local = timezone.localtime(now)
    hours = parameters or DunningParameters.current()
    off = days_off(branch)
    day = local.date()
    while True:
        closes = None if day in off or day in national_holidays(day.year) else _closes(hours, day)
        if closes is not None:
            opening = timezone.make_aware(datetime.combine(day, hours.opens_at))
            closing = timezone.make_aware(datetime.combine(day, closes))
            if local < closing:
                return max(local, opening)
        day += timedelta(days=1)


def _closes(hours: DunningParameters, day: date) -> time | None:
    if day.weekday() < SATURDAY:
        return hours.closes_at
    return hours.saturday_closes_at if day.weekday() == SATURDAY else None
