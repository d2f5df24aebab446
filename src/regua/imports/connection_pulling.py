"""Reading a billing system: page after page into the imports, the place to go on with the rows.

Killed at any moment it goes on where the last block of rows was merged; what is read twice changes
nothing the second time, because it is found by its external id.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from regua.connectors import registry
from regua.connectors.contract import Account, Kind, Page, Source
from regua.connectors.errors import Misconfigured, SourceError
from regua.imports.choices import Mode
from regua.imports.connection_links import (
    conversions_write,
    converted_left_out,
    one_per_document,
)
from regua.imports.connection_models import Connection, ConnectionProblem, ConnectionRun
from regua.imports.loading import load
from regua.imports.selectors import problems
from regua.imports.services import batch_apply, batch_start
from regua.integrations.exclusive import only_one
from regua.integrations.vault import VaultError

logger = logging.getLogger(__name__)

INTERVAL = timedelta(minutes=15)
LONGEST_WAIT = timedelta(hours=1)
BLOCK = 2000
"""Lines that are merged at once; so many are held in memory."""
MAX_PROBLEMS = 500
"""Kept per reading; its counts say how many there were."""
KEPT_RUNS = 200
_LOCK = 0x50554C4C  # "PULL"


class _Changed(Exception):
    """Somebody changed the connection while it was read."""


def account_of(connection: Connection, *, timeout: float = 60.0, pause: float = 0.5) -> Account:
    """Raises ``VaultError``."""
    return Account(
        base_url=connection.base_url,
        settings=connection.unseal(),
        timeout=timeout,
        pause=pause,
        allow_private=settings.CONFIG.allow_private_bureau,
    )


def connection_pull(
    connection_id: int,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    pause: float = 0.5,
) -> ConnectionRun | None:
    """Read what changed, or go on with what was left; None where another worker is at it.

    What goes wrong is written on the run and on the connection, with when it is tried again.
    """
    with only_one(_LOCK, connection_id) as alone:
        connection = Connection.objects.select_related("branch", "set_by").get(pk=connection_id)
        if not alone or not connection.active:
            return None
        run = _open_run(connection)
        try:
            connector = registry.get(connection.connector)
            with connector.connect(account_of(connection, pause=pause)) as source:
                for kind in connector.kinds:
                    if not _pull_kind(source, connection, run, kind, should_stop):
                        # This worker ends: the next goes on at once.
                        Connection.objects.filter(pk=connection.pk).update(due_at=timezone.now())
                        return run
        except _Changed:
            run.problem = "A conexão foi alterada durante a leitura, que recomeça como ela é agora."
            run.finished_at = timezone.now()
            run.save(update_fields=["problem", "finished_at"])
            return run
        except (SourceError, VaultError, LookupError, ValidationError, PermissionDenied) as error:
            _failed(connection, run, error)
            return run
        except Exception:
            _failed(connection, run, SourceError("A leitura parou por um erro inesperado daqui."))
            raise
        _went_well(connection, run)
        return run


def _open_run(connection: Connection) -> ConnectionRun:
    """The run that a killed worker left, or what a person asked for, else a new one."""
    left = connection.runs.filter(finished_at=None).order_by("-pk").first()
    return left or ConnectionRun.objects.create(connection=connection)


def _pull_kind(
    source: Source,
    connection: Connection,
    run: ConnectionRun,
    kind: Kind,
    should_stop: Callable[[], bool],
) -> bool:
    """Read one kind to its end; False where the worker must stop before."""
    rows: dict[str, Sequence[str]] = {}  # the latest of each, which may come more than once
    read = 0
    for page in source.pull(kind, connection.cursors.get(kind, "")):
        place = page.columns.index("external_id")
        rows |= {row[place]: row for row in page.rows}
        read += page.read
        stopping = should_stop()
        if len(rows) >= BLOCK or page.last or stopping:
            _merge(connection, run, kind, page, list(rows.values()), read)
            rows, read = {}, 0
        if stopping:
            return False
    return True


def _merge(
    connection: Connection,
    run: ConnectionRun,
    kind: Kind,
    page: Page,
    rows: Sequence[Sequence[str]],
    read: int,
) -> None:
    """Bring the rows in and write down where to go on: both or neither."""
    counts = dict.fromkeys(("read", "created", "updated", "unchanged", "refused"), 0)
    counts |= run.counts.get(kind, {})
    counts["read"] += read
    cursors = {**connection.cursors, kind: page.cursor}
    with transaction.atomic():
        held = Connection.objects.select_for_update(of=["self"]).get(pk=connection.pk)
        if held.settings_sealed != connection.settings_sealed:
            raise _Changed  # these rows may be another system's, or nobody wants them any more
        rows = converted_left_out(connection.branch, kind, page.columns, rows)
        rows, others = one_per_document(connection.branch, kind, page.columns, rows)
        place = page.columns.index("external_id")
        wrong = [(row[place], "document", "repeated") for row in others]
        if rows:
            batch = batch_start(
                actor=connection.set_by,
                kind=kind,
                branch=connection.branch,
                source=connection.connector,
                mode=Mode.SKIP_BAD,
            )
            load(batch, page.columns, rows)
            batch_apply(batch)
            for name in ("created", "updated", "unchanged", "refused"):
                counts[name] += getattr(batch, name)
            if batch.refused:
                found = problems(batch)
                first = batch.first_line
                wrong += [(rows[p.line - first][place], p.field, p.code) for p in found]
                found.delete()  # they stay with the reading, and as long as that does
            conversions_write(connection.branch, kind, page.columns, rows)
            if not batch.created and not batch.updated:
                batch.delete()  # every quarter of an hour, and it changed nothing
        counts["refused"] += len(others)
        _keep_problems(run, kind, wrong)
        counted = {**run.counts, kind: counts}
        if not page.last:
            connection.failures = 0  # a long reading that stumbles now and then gets on
        Connection.objects.filter(pk=connection.pk).update(
            cursors=cursors, failures=connection.failures
        )
        ConnectionRun.objects.filter(pk=run.pk).update(counts=counted)
    connection.cursors, run.counts = cursors, counted


def _keep_problems(run: ConnectionRun, kind: Kind, wrong: Sequence[tuple[str, str, str]]) -> None:
    """``wrong`` are external ids, fields and codes."""
    if not wrong:
        return
    room = max(0, MAX_PROBLEMS - run.problems.count())
    ConnectionProblem.objects.bulk_create(
        ConnectionProblem(run=run, kind=kind, external_id=number[:64], field=field, code=code)
        for number, field, code in wrong[:room]
    )


def _failed(connection: Connection, run: ConnectionRun, error: Exception) -> None:
    connection.failures = min(connection.failures + 1, 1000)
    wait = min(timedelta(minutes=2 ** min(connection.failures - 1, 10)), LONGEST_WAIT)
    if isinstance(error, SourceError):
        sentence = error.message
        if error.retry_after is not None:
            wait = max(wait, timedelta(seconds=error.retry_after))
        if isinstance(error, Misconfigured):
            wait = LONGEST_WAIT
    elif isinstance(error, PermissionDenied):
        sentence = (
            f"{connection.set_by.name}, em nome de quem se lê, não tem mais o acesso que precisa. "
            "Nada mais foi lido. Peça a um administrador para abrir a conexão e salvá-la."
        )
    elif isinstance(error, ValidationError):
        sentence = " ".join(error.messages)
    else:
        sentence = str(error.args[0] if error.args else error)
    logger.warning("connection %s: %s", connection.pk, sentence)
    connection.problem, connection.due_at = sentence, timezone.now() + wait
    connection.save(update_fields=["failures", "problem", "due_at"])
    run.problem, run.finished_at = sentence, timezone.now()
    run.save(update_fields=["problem", "finished_at"])


def _went_well(connection: Connection, run: ConnectionRun) -> None:
    now = timezone.now()
    connection.failures, connection.problem = 0, ""
    connection.due_at, connection.last_run_at = now + INTERVAL, now
    connection.save(update_fields=["failures", "problem", "due_at", "last_run_at"])
    run.finished_at = now
    run.save(update_fields=["finished_at"])
    kept = connection.runs.order_by("-pk").values_list("pk", flat=True)[KEPT_RUNS : KEPT_RUNS + 1]
    if oldest := kept.first():
        connection.runs.filter(pk__lte=oldest).delete()
