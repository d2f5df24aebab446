"""What a worker does of one import of a file: read and check it, or import what was checked.

Whatever it does to other tables is in one transaction with the state that says so. A killed worker
leaves the import as it was; the next one begins again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, OperationalError, connection
from django.db.models import F
from django.db.models.functions import Now

from regua.imports import services, staging, uploads
from regua.imports.choices import UNFINISHED, State
from regua.imports.loading import load
from regua.imports.models import ImportBatch

logger = logging.getLogger(__name__)

ATTEMPTS = 5
"""Runs after which an import that keeps dying is given up."""
_BROKE = (
    "A importação parou por uma falha nossa. Nada foi importado. "
    "Envie o arquivo de novo; se repetir, avise quem cuida do sistema."
)


class Stopped(Exception):
    """It was called off, or the worker stops."""


def batch_run(pk: int, *, should_stop: Callable[[], bool] = lambda: False) -> bool:
    """Do what is to be done of an import; False where it must be run again later.

    Raises an ``OperationalError`` where the database went.
    """
    batch = _take(pk)
    if batch is None:
        return True
    watch = Watch(batch, should_stop)
    try:
        if batch.attempt > ATTEMPTS:
            raise ValidationError(_BROKE)
        services.batch_require(batch, batch.started_by)
        with watch:
            _work(batch, watch)
    except (ValidationError, PermissionDenied, Stopped, DatabaseError, psycopg.Error) as error:
        return _ended(batch, watch, error)
    except Exception:
        logger.exception("import %s failed", pk)
        _fail(batch, _BROKE)
    return True


def _take(pk: int) -> ImportBatch | None:
    """Make this run the latest; None where there is nothing to do any more."""
    taken = ImportBatch.objects.filter(pk=pk, state__in=UNFINISHED).update(attempt=F("attempt") + 1)
    return ImportBatch.objects.select_related("started_by").get(pk=pk) if taken else None


def _work(batch: ImportBatch, watch: Watch) -> None:
    applies = batch.state == State.APPLYING
    if not (applies and batch.lines and staging.exists(batch)):
        with uploads.own_connection() as reader:
            load(batch, batch.columns, watch.counting(uploads.lines(batch, reader)))
        _current(batch).update(state=State.APPLYING if applies else State.CHECKING)
    if applies:
        services.batch_apply(batch)
    else:
        services.batch_check(batch)


def _ended(batch: ImportBatch, watch: Watch, error: Exception) -> bool:
    """What becomes of a run that did not finish; False where it must be run again."""
    if (
        _current(batch)
        .filter(cancel_asked=True)
        .update(state=State.CANCELLED, finished_at=Now(), lines=0)
    ):
        services.batch_forget([batch])
        return True
    if watch.stopped:
        return False
    if isinstance(error, ValidationError):
        _fail(batch, " ".join(error.messages))
    elif isinstance(error, PermissionDenied):
        _fail(batch, str(error))
    elif isinstance(error, (OperationalError, psycopg.OperationalError)):
        raise error
    else:
        logger.error("import %s failed", batch.pk, exc_info=error)
        _fail(batch, _BROKE)
    return True


def _fail(batch: ImportBatch, problem: str) -> None:
    if _current(batch).update(state=State.FAILED, problem=problem, finished_at=Now()):
        staging.drop(batch)


def _current(batch: ImportBatch) -> Any:
    """The batch's row as long as this run is the latest."""
    return ImportBatch.objects.filter(pk=batch.pk, attempt=batch.attempt).exclude(
        state__in=(State.DONE, State.REFUSED, State.FAILED, State.CANCELLED)
    )


class Watch(threading.Thread):
    """Says every ``PACE`` seconds how many lines were read, and hears whether to stop.

    A thread with a connection of its own: the work may be in the middle of a statement, which it
    then cancels.
    """

    PACE = 0.7

    def __init__(self, batch: ImportBatch, should_stop: Callable[[], bool]) -> None:
        super().__init__(name=f"import-{batch.pk}", daemon=True)
        self.lines = 0
        self.stopped = False
        self._batch = batch
        self._should_stop = should_stop
        self._ended = threading.Event()
        connection.ensure_connection()
        self._working = connection.connection

    def __enter__(self) -> Watch:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()

    def counting(self, rows: Iterator[list[str]]) -> Iterator[list[str]]:
        for row in rows:
            self.lines += 1
            if self.stopped:
                raise Stopped
            yield row

    def run(self) -> None:
        try:
            while not self._ended.wait(self.PACE):
                if self._should_stop() or not self._tell():
                    self.stopped = True
                    self._working.cancel_safe(timeout=5)
                    return
        except (psycopg.Error, DatabaseError):
            # Whoever works finds out about the database too, and says so.
            logger.warning("import %s lost sight of the database", self._batch.pk, exc_info=True)
        finally:
            connection.close()

    def _tell(self) -> bool:
        mine = _current(self._batch).filter(cancel_asked=False)
        if self.lines and mine.filter(state=State.LOADING).update(lines=self.lines):
            return True
        return bool(mine.exists())
