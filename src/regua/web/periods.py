"""A period over totals that are kept by the day and by the month (``day``, ``monthly``)."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Q


def month_after(day: date) -> date:
    """The first day of the month after ``day``'s."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def by_day(since: date | None, until: date | None) -> Q:
    """The days' totals of a period, both ends included; either end may be open."""
    days = Q(monthly=False)
    if since:
        days &= Q(day__gte=since)
    if until:
        days &= Q(day__lte=until)
    return days


def made_up_of(since: date | None, until: date | None) -> Q:
    """The fewest totals that make up a period: its whole months, and the days at either end."""
    if since and until and since > until.replace(day=1):  # within one month
        return by_day(since, until)
    months, days = Q(monthly=True), Q()
    if since:
        first = since if since.day == 1 else month_after(since)
        months &= Q(day__gte=first)
        days |= Q(monthly=False, day__gte=since, day__lt=first)
    if until:
        whole = (until + timedelta(days=1)).day == 1
        end = month_after(until) if whole else until.replace(day=1)
        months &= Q(day__lt=end)
        days |= Q(monthly=False, day__gte=end, day__lte=until)
    return months | days if days else months
