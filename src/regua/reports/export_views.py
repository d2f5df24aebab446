"""*Relatórios › Exportações*: asking for a file, watching it being made, taking it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header, url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.reports import selectors, services
from regua.reports.catalogue import REPORTS
from regua.reports.choices import ExportStatus, Format
from regua.reports.models import ReportExport
from regua.web import keyset
from regua.web.status import Icon, Status, Tone

STATUSES = {
    ExportStatus.QUEUED: Status("Na fila", Tone.QUEUED, Icon("clock")),
    ExportStatus.RUNNING: Status("Em andamento", Tone.SENT, Icon("loader")),
    ExportStatus.DONE: Status("Pronta", Tone.DONE, Icon("circle-check")),
    ExportStatus.FAILED: Status("Não feita", Tone.REFUSED, Icon("circle-x")),
    ExportStatus.CANCELLED: Status("Cancelada", Tone.MUTED, Icon("circle-minus")),
}
EXPIRED = Status("Expirada", Tone.MUTED, Icon("clock-off"))
CANCELLING = Status("Cancelando", Tone.NOTICE, Icon("hourglass-low"))
_MEDIA = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.PDF: "application/pdf",
}


@require_POST
def report_export(request: Request, slug: str) -> HttpResponse:
    """What a report's page posts to.

    Fields: ``format`` (csv, xlsx, pdf), ``columns`` (repeated; none for the usual ones),
    ``filters`` (the query string of the page's filter form, whose fields are named as in the
    report's ``Filters``) and ``next`` (where to go back to when it is refused). The branch chosen
    in the top bar counts where the filters name none.
    """
    report = REPORTS.get(slug)
    if report is None:
        raise Http404
    require(request.user, Permission.EXPORT_REPORTS)
    require(request.user, report.permission)
    branch = request.branch.pk if request.branch else None
    query = QueryDict(request.POST.get("filters", "").lstrip("?"))
    try:
        services.export_request(
            actor=request.user,
            report=report,
            format=request.POST.get("format", ""),
            columns=request.POST.getlist("columns"),
            filters=report.filters.read(query, branch=branch),
        )
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
        back = request.POST.get("next", "")
        if url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
            return redirect(back)
    return redirect("report_export_list")


@never_cache
@require_safe
def report_export_list(request: Request) -> HttpResponse:
    require(request.user, Permission.EXPORT_REPORTS)
    rows = selectors.exports_of(request.user)
    page = keyset.paginate(rows, ordering=("-pk",), cursor=request.GET.get("cursor"))
    context = {"page": page, "rows": [_row(export) for export in page]}
    return render(request, "reports/export_list.html", context)


@never_cache
@require_safe
def report_export_progress(request: Request, pk: int) -> HttpResponse:
    """What a row polls: 204 while there is nothing new to show."""
    row = _row(_own(request, pk))
    if request.GET.get("v") == row["version"]:
        return HttpResponse(status=204)
    return render(request, "reports/_export.html", {"row": row})


@require_POST
def report_export_cancel(request: Request, pk: int) -> HttpResponse:
    services.export_cancel(actor=request.user, export=_own(request, pk))
    if request.htmx:
        return render(request, "reports/_export.html", {"row": _row(_own(request, pk))})
    return redirect("report_export_list")


@never_cache
@require_safe
def report_export_download(request: Request, pk: int) -> HttpResponseBase:
    """The file, a chunk at a time; only for who asked for it."""
    require(request.user, Permission.EXPORT_REPORTS)
    export = _own(request, pk)
    if not export.is_ready:
        sentence = (
            "O arquivo desta exportação foi apagado: cada um fica guardado por 7 dias. "
            "Peça a exportação de novo."
            if export.is_expired
            else "O arquivo desta exportação ainda não existe. Espere ela ficar pronta."
        )
        messages.error(request, sentence)
        return redirect("report_export_list")
    response = StreamingHttpResponse(_chunks(export), content_type=_MEDIA[Format(export.format)])
    response["Content-Length"] = str(export.size)
    response["Content-Disposition"] = content_disposition_header(True, _file_name(export)) or ""
    return response


def _chunks(export: ReportExport) -> Iterator[bytes]:
    number, sent = 0, 0
    while sent < (export.size or 0):
        chunk = selectors.export_chunk(export, number)
        yield chunk
        sent += len(chunk)
        number += 1


def _file_name(export: ReportExport) -> str:
    at = timezone.localtime(export.requested_at)
    return f"{export.report}-{at:%Y-%m-%d-%H%M}.{export.format}"


def _own(request: Request, pk: int) -> ReportExport:
    return get_object_or_404(selectors.exports_of(request.user), pk=pk)


def _row(export: ReportExport) -> dict[str, Any]:
    report = REPORTS.get(export.report)
    status = STATUSES[ExportStatus(export.status)]
    if export.is_expired:
        status = EXPIRED
    elif export.is_unfinished and export.cancel_asked:
        status = CANCELLING
    seen = (export.status, int(export.cancel_asked), export.rows_total, export.rows_done)
    return {
        "export": export,
        "title": report.title if report else export.report,
        "status": status,
        "left": _time_left(export),
        "version": "-".join(map(str, seen)),
    }


def _time_left(export: ReportExport) -> str:
    """About how long still, once a fair part is done."""
    if not (export.rows_total and export.started_at) or export.rows_done * 20 < export.rows_total:
        return ""
    passed = (timezone.now() - export.started_at).total_seconds()
    seconds = passed * (export.rows_total - export.rows_done) / export.rows_done
    if seconds < 5:
        return "quase pronta"
    return f"cerca de {seconds:.0f} s" if seconds < 90 else f"cerca de {seconds / 60:.0f} min"
