"""Starting, checking and applying imports.

From another system: ``batch_start``, ``loading.load``, ``batch_apply``. ``batch_check`` says
beforehand what would happen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone
from procrastinate.contrib.django import app

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.imports import staging
from regua.imports.checking import check
from regua.imports.choices import UNFINISHED, Mode, State
from regua.imports.kinds import BY_SLUG
from regua.imports.merging import Overtaken, merge
from regua.imports.models import ImportBatch, ImportChunk, ImportMapping, ImportProblem
from regua.organization.models import Branch

_LOCK = 1_768_777_075
"""Of the advisory locks' first key: two imports into one branch take turns."""
JOB = "imports.run"
QUEUE = "imports"
KEPT = timedelta(days=7)
"""How long a file and its report stay."""
_TIDIED = 500
"""Imports that are cleared away at once; the next time takes the others."""
_LOADED = (State.LOADED, State.CHECKING, State.CHECKED, State.APPLYING)


def batch_start(
    *, actor: User, kind: str, branch: Branch, source: str, mode: str = Mode.ALL_OR_NOTHING
) -> ImportBatch:
    """A new import of ``kind`` (a slug of ``kinds``) into ``branch``, still without lines.

    ``source`` is ``file`` or a name for what sends. Raises ``NotAllowed`` or ``ValidationError``.
    """
    if kind not in BY_SLUG or mode not in Mode.values:
        raise ValidationError("Escolha o que importar e o que fazer com as linhas com problema.")
    require(actor, Permission.IMPORT_DATA, branch_id=branch.pk)
    for permission in BY_SLUG[kind].permissions:
        require(actor, permission, branch_id=branch.pk)
    return ImportBatch.objects.create(
        kind=kind, branch=branch, started_by=actor, source=source, mode=mode
    )


def batch_check(batch: ImportBatch) -> ImportBatch:
    """Find out what the lines would do and what is wrong with them; nothing is imported.

    Fills ``created``, ``updated``, ``unchanged`` and ``refused``, and ``selectors.problems``.
    """
    with transaction.atomic():
        held = _held(batch)
        check(held)
        staging.drop(held, lines=False)
        _settle(held, State.CHECKED)
    batch.refresh_from_db()
    return batch


def batch_apply(
    batch: ImportBatch, *, tell: Callable[[dict[int, str]], None] | None = None
) -> ImportBatch:
    """Check the lines as things are now and import them, with all that follows, in one transaction.

    The state is ``done``, or ``refused`` where it is all or nothing and a line has a problem:
    nothing is imported then. The four counts say how many lines were what; ``tell`` is told what
    was done of each (``create``, ``update`` or ``same``). Raises
    ``ValidationError`` (``Overtaken``) where somebody changed the same things meanwhile; the batch
    is then as it was.
    """
    try:
        with transaction.atomic():
            held = _held(batch)
            check(held)
            if held.refused and held.mode == Mode.ALL_OR_NOTHING:
                held.created = held.updated = held.unchanged = 0
                state = State.REFUSED
            else:
                merge(held)
                state = State.DONE
            if tell is not None:
                tell(staging.actions(held))
            # What came is kept where it goes into the report of a file's bad lines.
            staging.drop(held, lines=held.source != "file" or not held.refused)
            _settle(held, state)
    except IntegrityError as error:
        raise Overtaken from error
    batch.refresh_from_db()
    return batch


class Cancelled(ValidationError):
    """Somebody called the import off, or it ended already."""


def _held(batch: ImportBatch) -> ImportBatch:
    """The batch with its lines in place; imports into its branch take turns from here on.

    Its row is not locked: people must be able to call it off meanwhile. Raises ``ValidationError``.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, batch.branch_id % 2**31])
    held = ImportBatch.objects.get(pk=batch.pk)
    if held.is_finished:
        raise Cancelled(f"A importação nº {held.pk} já terminou. Nada mudou.")
    if held.state not in _LOADED or not staging.exists(held):
        raise ValidationError(
            f"As linhas da importação nº {held.pk} não estão mais aqui. Nada foi importado. "
            "Envie o arquivo de novo."
        )
    return held


def _settle(held: ImportBatch, state: State) -> None:
    """Write down how it ended, unless it was called off or taken over; that undoes everything."""
    now = timezone.now() if state in (State.DONE, State.REFUSED) else None
    settled = ImportBatch.objects.filter(
        pk=held.pk, state__in=_LOADED, attempt=held.attempt, cancel_asked=False
    ).update(
        state=state,
        created=held.created,
        updated=held.updated,
        unchanged=held.unchanged,
        refused=held.refused,
        problem="",
        finished_at=now,
    )
    if not settled:
        raise Cancelled(f"A importação nº {held.pk} foi cancelada. Nada foi importado.")


# --- Files: a worker does it, people watch ------------------------------------------------------


def headers_key(columns: Sequence[str]) -> str:
    """What a set of headers is remembered by."""
    return hashlib.sha256(json.dumps(list(columns)).encode()).hexdigest()


def batch_prepare(
    *, batch: ImportBatch, actor: User, mapping: Mapping[str, int], mode: str
) -> ImportBatch:
    """Say which column is which, and have the file read and checked by a worker.

    The mapping is remembered for these headers. Raises ``ValidationError``.
    """
    batch_require(batch, actor)
    if mode not in Mode.values:
        raise ValidationError("Escolha o que fazer com as linhas com problema.")
    kind = batch.what
    if any(kind.field(name) is None for name in mapping):
        raise ValidationError("Uma das colunas não existe. Nada mudou.")
    places = list(mapping.values())
    if len(set(places)) != len(places):
        raise ValidationError("A mesma coluna foi escolhida para dois campos. Nada mudou.")
    if missing := kind.missing(mapping):
        raise ValidationError(f"Falta dizer qual coluna é: {'; '.join(missing)}. Nada mudou.")
    with transaction.atomic():
        _move(
            batch,
            (State.NEW, State.CHECKED),
            State.LOADING,
            mapping=dict(mapping),
            mode=mode,
            problem="",
            lines=0,
        )
        ImportMapping.objects.update_or_create(
            kind=batch.kind,
            headers=headers_key(batch.columns),
            defaults={"mapping": dict(mapping)},
        )
        batch_enqueue(batch.pk)
    batch.refresh_from_db()
    return batch


def batch_go(*, batch: ImportBatch, actor: User) -> ImportBatch:
    """Have what was checked imported by a worker. Raises ``ValidationError``."""
    batch_require(batch, actor)
    with transaction.atomic():
        _move(batch, (State.CHECKED,), State.APPLYING)
        batch_enqueue(batch.pk)
    batch.refresh_from_db()
    return batch


def batch_cancel(*, batch: ImportBatch, actor: User) -> None:
    """Call it off: what is under way stops within about a second and leaves nothing behind.

    Does nothing to one that has ended.
    """
    batch_require(batch, actor)
    mine = ImportBatch.objects.filter(pk=batch.pk)
    if mine.filter(state__in=UNFINISHED).update(cancel_asked=True):
        return
    with transaction.atomic():
        if mine.filter(state__in=(State.NEW, State.LOADED, State.CHECKED)).update(
            state=State.CANCELLED, cancel_asked=True, finished_at=Now()
        ):
            batch_forget([batch])


def batch_enqueue(pk: int) -> None:
    """Ask for the worker's job; long ones take turns, so that other work keeps its workers."""
    app.configure_task(JOB, queue=QUEUE, lock=QUEUE).defer(batch_id=pk)


def batches_tidy() -> None:
    """Delete the files, lines and problems of imports that are a week old.

    What was imported when and by whom stays on record, as do the counts.
    """
    old = ImportBatch.objects.filter(started_at__lt=timezone.now() - KEPT)
    old = old.exclude(state__in=UNFINISHED)
    waiting = Q(state__in=(State.NEW, State.LOADED, State.CHECKED))
    kept = Exists(ImportChunk.objects.filter(batch=OuterRef("pk"))) | Exists(
        ImportProblem.objects.filter(batch=OuterRef("pk"))
    )
    for batch in old.filter(waiting | kept)[:_TIDIED]:
        with transaction.atomic():
            old.filter(waiting, pk=batch.pk).update(state=State.CANCELLED, finished_at=Now())
            batch_forget([batch])


def batch_forget(batches: Sequence[ImportBatch]) -> None:
    """Delete what imports keep: files, lines, problems."""
    for batch in batches:
        staging.drop(batch)
    ImportChunk.objects.filter(batch__in=batches).delete()
    ImportProblem.objects.filter(batch__in=batches).delete()


def batch_require(batch: ImportBatch, actor: User) -> None:
    """Raise ``NotAllowed`` unless ``actor`` may do what the import does."""
    for permission in (Permission.IMPORT_DATA, *batch.what.permissions):
        require(actor, permission, branch_id=batch.branch_id)


def _move(batch: ImportBatch, before: Sequence[State], after: State, **fields: object) -> None:
    moved = ImportBatch.objects.filter(pk=batch.pk, state__in=before).update(state=after, **fields)
    if not moved:
        raise ValidationError(
            f"A importação nº {batch.pk} já foi adiante ou terminou. Nada mudou: veja onde está."
        )
