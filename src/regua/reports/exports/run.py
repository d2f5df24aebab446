"""Making the file of one export, once, whatever happens meanwhile.

The rows are read in one snapshot on one connection; the chunks are written, with the status that
says the file is there, in one transaction on another. A cancelled, failed or killed export so
leaves nothing behind, and a run that was taken over cannot finish.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, BinaryIO, cast

import psycopg
from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.organization.models import Company
from regua.reports.catalogue import REPORTS
from regua.reports.choices import UNFINISHED, ExportStatus, Format
from regua.reports.definition import Report
from regua.reports.exports import to_csv, to_pdf, to_xlsx
from regua.reports.exports.source import File, Source, own_connection, snapshot
from regua.reports.exports.storage import ChunkFile, Progress, Stopped, TooMuch, current
from regua.reports.models import ReportExport, ReportExportChunk

logger = logging.getLogger(__name__)

KEPT = timedelta(days=7)
"""How long a file can be downloaded."""
ATTEMPTS = 6
"""Runs after which an export that keeps dying is given up."""
_WRITERS = {Format.CSV: to_csv.write, Format.XLSX: to_xlsx.write, Format.PDF: to_pdf.write}
_BROKE = (
    "A exportação parou por uma falha nossa. Nenhum arquivo foi gerado. "
    "Peça de novo; se repetir, avise quem cuida do sistema."
)


def export_run(pk: int, *, should_stop: Callable[[], bool] = lambda: False) -> bool:
    """Make the file of an export; False where it must be run again because the worker stops.

    Does nothing for one that is finished. Raises an ``OperationalError`` where the database went.
    """
    export = _take(pk)
    if export is None:
        return True
    try:
        if export.attempt > ATTEMPTS:
            raise TooMuch(_BROKE)
        _make(export, should_stop)
    except (Stopped, psycopg.errors.QueryCanceled):
        return _settle_stop(export, stopping=should_stop())
    except TooMuch as refusal:
        _fail(export, str(refusal))
    except ValidationError as refusal:
        _fail(export, " ".join(refusal.messages))
    except (psycopg.OperationalError, OperationalError):
        raise
    except Exception:
        logger.exception("export %s failed", export.pk)
        _fail(export, _BROKE)
    return True


def _take(pk: int) -> ReportExport | None:
    """Make this run the export's latest; None where there is nothing to do any more."""
    taken = ReportExport.objects.filter(pk=pk, status__in=UNFINISHED).update(
        status=ExportStatus.RUNNING,
        attempt=F("attempt") + 1,
        rows_done=0,
        rows_total=None,
        started_at=Now(),
    )
    return ReportExport.objects.select_related("requested_by").get(pk=pk) if taken else None


def _make(export: ReportExport, should_stop: Callable[[], bool]) -> None:
    report, actor = REPORTS.get(export.report), export.requested_by
    if report is None:
        raise TooMuch("Este relatório não existe mais. Nenhum arquivo foi gerado.")
    if not (actor.can(Permission.EXPORT_REPORTS) and actor.can(report.permission)):
        raise TooMuch(
            "Seu perfil não permite mais exportar este relatório. Nenhum arquivo foi gerado."
        )
    about = File(
        title=report.title,
        company=str(Company.objects.first() or "Régua"),
        about=export.about,
        author=actor.name,
        made_at=timezone.now(),
    )
    with (
        own_connection() as reader,
        own_connection() as writer,
        Progress(export, reader, should_stop) as progress,
        snapshot(reader),
        writer.transaction(),
    ):
        source = _source(reader, report, export, actor)
        current(export).update(rows_total=source.count)
        _clear(writer, export)
        file = ChunkFile(writer, export, progress)
        write = _WRITERS[Format(export.format)]
        write(cast(BinaryIO, file), source, about, progress)
        file.finish()
        _finish(writer, export, progress.rows, file.size)


def _source(
    reader: psycopg.Connection[Any], report: Report, export: ReportExport, actor: User
) -> Source:
    return Source(
        reader,
        report.queryset(report.filters.load(export.filters), actor),
        report.chosen(export.columns),
        report.ordering,
    )


def _clear(writer: psycopg.Connection[Any], export: ReportExport) -> None:
    table = ReportExportChunk._meta.db_table
    writer.execute(f"DELETE FROM {table} WHERE export_id = %s", [export.pk])  # noqa: S608


def _finish(writer: psycopg.Connection[Any], export: ReportExport, rows: int, size: int) -> None:
    """Say that the file is there, unless somebody cancelled or took over."""
    now = timezone.now()
    done = writer.execute(
        f"UPDATE {ReportExport._meta.db_table}"  # noqa: S608
        " SET status = %s, rows_done = %s, rows_total = %s, size = %s, finished_at = %s,"
        " expires_at = %s, problem = ''"
        " WHERE id = %s AND attempt = %s AND status = %s AND NOT cancel_asked",
        [
            *(ExportStatus.DONE.value, rows, rows, size, now, now + KEPT),
            *(export.pk, export.attempt, ExportStatus.RUNNING.value),
        ],
    )
    if done.rowcount == 0:
        raise Stopped


def _settle_stop(export: ReportExport, *, stopping: bool) -> bool:
    """What became of a run that had to end; False where the export must be run again."""
    cancelled = (
        current(export)
        .filter(cancel_asked=True)
        .update(status=ExportStatus.CANCELLED, finished_at=Now())
    )
    if cancelled:
        return True
    if stopping:
        return not current(export).update(status=ExportStatus.QUEUED, rows_done=0)
    _fail(export, _BROKE)
    return True


def _fail(export: ReportExport, problem: str) -> None:
    current(export).update(status=ExportStatus.FAILED, problem=problem, finished_at=Now())
