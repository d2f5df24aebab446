"""*Relatório de Contas a Receber › aba Negativações de Crédito*."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from regua.accounts.access import require
from regua.accounts.requests import Request
from regua.reports.kept import in_force
from regua.reports.page import page_of, start_with_this_month
from regua.reports.restrictions import REPORT, in_words
from regua.restrictions.choices import Status
from regua.restrictions.filters import ListingFilter
from regua.restrictions.selectors import restrictions_visible
from regua.restrictions.totals import Totals, counted
from regua.web import formats


@require_safe
def report_restrictions(request: Request) -> HttpResponse:
    """Every listing of the period, how many and what they come to, in all and by status.

    An address without any parameter is that of the current month, by the day of the request. Where
    the amount narrows, the page asks for the sums by itself afterwards, or with ``somar``.
    """
    actor = request.user
    require(actor, REPORT.permission)
    usual = start_with_this_month(request)
    filters = ListingFilter(
        request.GET, actor=actor, branches=request.branches, branch=request.branch or None
    )
    rows, totals = filters.search(restrictions_visible(actor), actor)
    if totals is None and (request.htmx or "somar" in request.GET):
        totals = counted(rows)
    sums: dict[str, Any] = {"totals": totals}
    if totals:
        sums |= {"parts": _parts(totals), "counted": _counted(totals.count)}
    if request.htmx:
        return render(request, "reports/_restriction_sums.html", sums)
    context = page_of(REPORT, request, filters, rows, None if totals is None else totals.count)
    context |= {**sums, "usual": usual, "about": in_words(in_force(filters))}
    return render(request, "reports/report_restrictions.html", context)


def _parts(totals: Totals) -> list[dict[str, Any]]:
    """What each status adds to the whole, in the order of a listing's life."""
    return [
        {"status": status, "count": count, "amount": amount}
        for status, (count, amount) in sorted(
            totals.by_status.items(), key=lambda part: Status.values.index(part[0])
        )
    ]


def _counted(count: int) -> str:
    return f"{formats.number(count)} {'negativação' if count == 1 else 'negativações'}"
