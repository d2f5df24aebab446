"""Reading who the creditor is."""

from __future__ import annotations

from datetime import date

from django.db.models import Q

from regua.organization.models import Branch, Holiday


def days_off(branch: Branch) -> frozenset[date]:
    """The local holidays that a branch's business days leave out, besides the national ones."""
    if not branch.state:
        return frozenset()
    local = Holiday.objects.filter(Q(city="") | Q(city__iexact=branch.city), state=branch.state)
    return frozenset(local.values_list("day", flat=True))
