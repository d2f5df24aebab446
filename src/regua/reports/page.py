"""What the pages of all reports have alike."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.integrations.filters import OutgoingFilter
from regua.reports.catalogue import REPORTS
from regua.reports.definition import Report
from regua.reports.exports.to_pdf import obstacle
from regua.reports.kept import keep
from regua.reports.selectors import columns_of
from regua.reports.table import table
from regua.web import formats


def start_with_this_month(request: Request) -> bool:
    """Make of an address without any parameter that of the current month; whether it was one."""
    if request.GET:
        return False
    today = timezone.localdate()
    month = {"since": formats.day(today.replace(day=1)), "until": formats.day(today)}
    request.GET = QueryDict(urlencode(month))  # page links read it too
    return True


def page_of(
    report: Report,
    request: Request,
    filters: OutgoingFilter,
    rows: QuerySet[Any],
    count: int | None,
) -> dict[str, Any]:
    """The context of ``reports/report_page.html``: the table, its columns, its exports.

    ``colunas`` (repeated) in the address wins over the columns that the person chose last.
    ``count`` is that of all ``rows``, None where nobody has counted them.
    """
    actor = request.user
    asked = request.GET.getlist("colunas")
    columns = report.known(asked) or columns_of(actor, report)
    shown = table(report, rows, columns, request.GET.get("cursor"))
    return {
        "report": report,
        "filters": filters,
        "narrowed": bool(filters.chosen),
        "table": shown,
        "page": shown.page,
        "count": count,
        "chosen": {column.key for column in columns},
        "unknown": bool(asked) and len(report.known(asked)) < len(set(asked)),
        "asked": asked,
        "back": _address(request, without=("cursor", "colunas")),
        "exports": actor.can(Permission.EXPORT_REPORTS),
        "export": {
            "filters": urlencode(keep(filters, report.filters).dump()),
            "columns": [column.key for column in columns],
            "pdf_obstacle": " ".join(obstacle(columns, count or 0) or ()),
        },
        "tabs": [
            {"label": other.title, "url": other.url, "active": other is report}
            for other in REPORTS.values()
            if actor.can(other.permission)
        ],
    }


def _address(request: Request, *, without: tuple[str, ...]) -> str:
    query = request.GET.copy()
    for name in without:
        query.pop(name, None)
    return f"{request.path}?{query.urlencode()}"
