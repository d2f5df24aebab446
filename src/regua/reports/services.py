"""Asking for a report as a file, and calling it off."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from regua.accounts.access import NotAllowed, require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.reports.choices import UNFINISHED, ExportStatus, Format
from regua.reports.definition import Filters, Report
from regua.reports.models import ReportColumns, ReportExport, ReportExportChunk

JOB = "reports.export"
QUEUE = "reports"
SMALL = 20_000
"""Rows up to which an export need not wait for the long ones."""


def export_request(
    *, actor: User, report: Report, format: str, columns: Sequence[str], filters: Filters
) -> ReportExport:
    """Write down what to export and ask for the job that does it, in one transaction.

    Without ``columns`` the report's usual ones are taken. The same export asked for again while it
    is being made is that one. Raises ``ValidationError`` or ``NotAllowed``; nothing is
    written then.
    """
    require(actor, Permission.EXPORT_REPORTS)
    require(actor, report.permission)
    if format not in Format.values:
        raise ValidationError(
            "Os formatos são CSV, Excel e PDF. Nada foi exportado. Escolha um deles."
        )
    wanted = {
        "report": report.slug,
        "format": format,
        "columns": [column.key for column in report.chosen(columns)],
        "filters": filters.dump(),
    }
    same = ReportExport.objects.filter(
        **wanted, requested_by=actor, status__in=UNFINISHED, cancel_asked=False
    ).first()
    if same:
        return same
    rows = report.queryset(filters, actor).order_by()
    small = rows[: SMALL + 1].count() <= SMALL
    with transaction.atomic():
        export = ReportExport.objects.create(
            **wanted, requested_by=actor, about=report.describe(filters, actor)[:500]
        )
        export_enqueue(export.pk, small=small)
    export.refresh_from_db()
    return export


def export_enqueue(pk: int, *, small: bool = False) -> None:
    """Ask for the job of an export. Long ones take turns, so that other work keeps its workers."""
    lock = None if small else f"{QUEUE}.long"
    app.configure_task(JOB, queue=QUEUE, lock=lock).defer(export_id=pk)


def export_cancel(*, actor: User, export: ReportExport) -> None:
    """Call off an export of one's own; one that is under way stops within about a second.

    Does nothing to one that is finished.
    """
    if export.requested_by_id != actor.pk:
        raise NotAllowed("Só quem pediu a exportação pode cancelá-la. Nada foi feito.")
    mine = ReportExport.objects.filter(pk=export.pk)
    if not mine.filter(status=ExportStatus.QUEUED).update(
        status=ExportStatus.CANCELLED, cancel_asked=True, finished_at=Now()
    ):
        mine.filter(status=ExportStatus.RUNNING).update(cancel_asked=True)


def columns_choose(*, actor: User, report: Report, columns: Sequence[str]) -> None:
    """Remember the columns that this person wants to see; none for the usual ones.

    Raises ``ValidationError`` for a column that the report does not have.
    """
    require(actor, report.permission)
    chosen = report.chosen(columns) if columns else ()
    if chosen:
        keys = [column.key for column in report.known(c.key for c in chosen)]
        ReportColumns.objects.update_or_create(
            person=actor, report=report.slug, defaults={"columns": keys}
        )
    else:
        ReportColumns.objects.filter(person=actor, report=report.slug).delete()


def exports_tidy() -> None:
    """Delete the files whose week is over; close the exports whose job is lost.

    What was exported by whom stays on record.
    """
    ReportExportChunk.objects.filter(
        export__status=ExportStatus.DONE, export__expires_at__lte=timezone.now()
    ).delete()
    # In this order: an export is written together with its job.
    unfinished = set(
        ReportExport.objects.filter(status__in=UNFINISHED).values_list("pk", flat=True)
    )
    jobs = ProcrastinateJob.objects.filter(task_name=JOB, status__in=["todo", "doing"])
    lost = unfinished - set(jobs.values_list("args__export_id", flat=True))
    ReportExport.objects.filter(pk__in=lost, status__in=UNFINISHED).update(
        status=ExportStatus.FAILED,
        finished_at=Now(),
        problem="A exportação se perdeu antes de terminar. Nenhum arquivo foi gerado. "
        "Peça de novo.",
    )
