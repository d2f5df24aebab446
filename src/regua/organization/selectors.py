"""Reading who the creditor is."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import date

from regua.organization.models import Branch, Holiday


def days_off(branch: Branch) -> frozenset[date]:
    """The local holidays that a branch's business days leave out, besides the national ones."""
    return days_off_by_branch([branch])[branch.pk]


def days_off_by_branch(branches: Iterable[Branch]) -> dict[int, frozenset[date]]:
    """Branch → ``days_off``, in one query."""
    branches = list(branches)
    states = {branch.state for branch in branches if branch.state}
    rows = Holiday.objects.filter(removed_at=None, state__in=states) if states else ()
    local = [(row.state, place(row.city), row.day) for row in rows]
    return {
        branch.pk: frozenset(
            day
            for state, city, day in local
            if state == branch.state and city in ("", place(branch.city))
        )
        for branch in branches
    }


def place(city: str) -> str:
    """A municipality's name as it is compared: without accents, capitals and outer spaces."""
    plain = unicodedata.normalize("NFD", city.strip().casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))
