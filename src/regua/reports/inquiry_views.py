"""*Relatório de Contas a Receber › aba Consultas Análise de Crédito*."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.inquiries.filters import InquiryFilter
from regua.inquiries.selectors import inquiries_visible
from regua.reports.exports.to_pdf import obstacle
from regua.reports.inquiries import REPORT, in_words, kept
from regua.reports.selectors import columns_of
from regua.reports.table import table
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
    usual = not request.GET
    if usual:
        request.GET = _this_month()  # type: ignore[assignment]  # page links read it too
    filters = _filters(request, request.GET)
    if request.htmx:
        if filters.has_error("kind"):  # the other bureau has other kinds
            filters = _filters(request, {**request.GET.dict(), "kind": ""})
        return render(request, "reports/_inquiry_filters.html", {"filters": filters})
    asked = request.GET.getlist("colunas")
    columns = REPORT.known(asked) or columns_of(actor, REPORT)
    rows, totals = filters.search(inquiries_visible(actor), actor)
    chosen = {**filters.chosen, **({"branch": filters.in_branch} if filters.in_branch else {})}
    context = {
        "filters": filters,
        "usual": usual,
        "narrowed": bool(filters.chosen),
        "table": (shown := table(REPORT, rows, columns, request.GET.get("cursor"))),
        "page": shown.page,
        "totals": totals,
        "counted": _counted(totals.count),
        "about": in_words(chosen),
        "report": REPORT,
        "chosen": {column.key for column in columns},
        "unknown": bool(asked) and len(REPORT.known(asked)) < len(set(asked)),
        "asked": asked,
        "back": _address(request, without=("cursor", "colunas")),
        "exports": actor.can(Permission.EXPORT_REPORTS),
        "export": {
            "filters": urlencode(kept(filters).dump()),
            "columns": [column.key for column in columns],
            "pdf_obstacle": " ".join(obstacle(columns, totals.count) or ()),
        },
        "tabs": [{"label": REPORT.title, "url": REPORT.url, "active": True}],
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


def _this_month() -> QueryDict:
    today = timezone.localdate()
    month = {"since": formats.day(today.replace(day=1)), "until": formats.day(today)}
    return QueryDict(urlencode(month))


def _counted(count: int) -> str:
    return f"{formats.number(count)} {'consulta' if count == 1 else 'consultas'}"


def _address(request: Request, *, without: tuple[str, ...]) -> str:
    query = request.GET.copy()
    for name in without:
        query.pop(name, None)
    return f"{request.path}?{query.urlencode()}"
