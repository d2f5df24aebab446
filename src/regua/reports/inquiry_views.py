"""*Relatório de Contas a Receber › aba Consultas Análise de Crédito*."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from regua.accounts.access import require
from regua.accounts.requests import Request
from regua.inquiries.filters import InquiryFilter
from regua.inquiries.selectors import inquiries_visible
from regua.reports.inquiries import REPORT, in_words
from regua.reports.kept import in_force
from regua.reports.page import page_of, start_with_this_month
from regua.web import formats


@require_safe
@vary_on_headers("HX-Request")
def report_inquiries(request: Request) -> HttpResponse:
    """Every inquiry of the period, how many and what they cost.

    An address without any parameter is that of the current month. ``colunas`` (repeated) wins over
    the columns that the person chose last.
    """
    actor = request.user
    require(actor, REPORT.permission)
    usual = start_with_this_month(request)
    filters = _filters(request, request.GET)
    if request.htmx:
        if filters.has_error("kind"):  # the other bureau has other kinds
            filters = _filters(request, {**request.GET.dict(), "kind": ""})
        return render(request, "reports/_filters.html", {"filters": filters})
    rows, totals = filters.search(inquiries_visible(actor), actor)
    context = page_of(REPORT, request, filters, rows, totals.count)
    context |= {
        "usual": usual,
        "totals": totals,
        "counted": _counted(totals.count),
        "about": in_words(in_force(filters)),
    }
    return render(request, "reports/report_inquiries.html", context)


class _Filter(InquiryFilter):
    """The filters in the words of the documentation; the kinds follow the integration chosen."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["since"].label = "Data consulta inicial"
        self.fields["until"].label = "Data consulta final"
        self.fields["integration"].widget.attrs |= {
            "hx-get": REPORT.url,
            "hx-include": "closest form",
            "hx-target": "#filtros",
            "hx-swap": "outerHTML",
        }


def _filters(request: Request, data: Any) -> _Filter:
    return _Filter(
        data, actor=request.user, branches=request.branches, branch=request.branch or None
    )


def _counted(count: int) -> str:
    return f"{formats.number(count)} {'consulta' if count == 1 else 'consultas'}"
