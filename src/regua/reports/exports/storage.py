"""The file while it is written: chunks in PostgreSQL, and what the person sees of the progress."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable
from typing import Any

import psycopg
from django.db import DatabaseError, connection

from regua.reports.choices import ExportStatus
from regua.reports.models import ReportExport, ReportExportChunk

logger = logging.getLogger(__name__)

CHUNK = 1 << 20
"""Bytes per chunk."""


class Stopped(Exception):
    """The export must end here: it was cancelled, taken over, or the worker stops."""


class TooMuch(Exception):
    """The format does not hold that much; the text is a sentence for the person."""


class Progress(threading.Thread):
    """Tells the database every ``PACE`` seconds how far an export is, and hears whether to stop.

    A thread with a connection of its own, because the export may be in the middle of a query.
    """

    PACE = 0.7

    def __init__(
        self,
        export: ReportExport,
        reader: psycopg.Connection[Any],
        should_stop: Callable[[], bool],
    ) -> None:
        super().__init__(name=f"export-{export.pk}", daemon=True)
        self.rows = 0
        self.stopped = False
        self._export = export
        self._reader = reader
        self._should_stop = should_stop
        self._ended = threading.Event()

    def __enter__(self) -> Progress:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        try:
            while not self._ended.wait(self.PACE):
                if self._should_stop() or not self._tell():
                    self.stopped = True
                    self._reader.cancel_safe(timeout=5)
                    return
        except (psycopg.Error, DatabaseError):
            # Whoever writes finds out about the database too, and says so.
            logger.warning("export %s lost sight of the database", self._export.pk, exc_info=True)
        finally:
            connection.close()

    def _tell(self) -> bool:
        return bool(current(self._export).filter(cancel_asked=False).update(rows_done=self.rows))


def current(export: ReportExport) -> Any:
    """The export's row as long as this run of it is the latest."""
    return ReportExport.objects.filter(
        pk=export.pk, status=ExportStatus.RUNNING, attempt=export.attempt
    )


class ChunkFile(io.RawIOBase):
    """Write-only; every full megabyte becomes a row on ``writer``, in the caller's transaction."""

    def __init__(
        self, writer: psycopg.Connection[Any], export: ReportExport, progress: Progress
    ) -> None:
        # Django's own cursors write parameters into the text; a megabyte goes better beside it.
        self._cursor = psycopg.Cursor(writer)
        self._insert = (
            f"INSERT INTO {ReportExportChunk._meta.db_table} (export_id, number, data)"  # noqa: S608
            " VALUES (%s, %s, %b)"
        )
        self._export = export
        self._progress = progress
        self._buffer = bytearray()
        self._number = 0
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._buffer += data
        if len(self._buffer) >= CHUNK:
            self._store()
        return len(data)

    def finish(self) -> None:
        """Store what is left."""
        self._store()

    def _store(self) -> None:
        if self._progress.stopped:
            raise Stopped
        while self._buffer:
            chunk = bytes(self._buffer[:CHUNK])
            self._cursor.execute(self._insert, [self._export.pk, self._number, chunk])
            del self._buffer[:CHUNK]
            self.size += len(chunk)
            self._number += 1
