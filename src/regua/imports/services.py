"""Starting, checking and applying imports.

From another system: ``batch_start``, ``loading.load``, ``batch_apply``. ``batch_check`` says
beforehand what would happen.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.imports import staging
from regua.imports.checking import check
from regua.imports.choices import FINISHED, Mode, State
from regua.imports.kinds import BY_SLUG
from regua.imports.merging import Overtaken, merge
from regua.imports.models import ImportBatch
from regua.organization.models import Branch

_LOCK = 1_768_777_075
"""Of the advisory locks' first key: two imports into one branch take turns."""
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
        locked = _locked(batch)
        check(locked)
        locked.state = State.CHECKED
        locked.save()
    batch.refresh_from_db()
    return batch


def batch_apply(batch: ImportBatch) -> ImportBatch:
    """Check the lines as things are now and import them, with all that follows, in one transaction.

    The state is ``done``, or ``refused`` where it is all or nothing and a line has a problem:
    nothing is imported then. The four counts say how many lines were what. Raises
    ``ValidationError`` (``Overtaken``) where somebody changed the same things meanwhile; the batch
    is then as it was.
    """
    try:
        with transaction.atomic():
            locked = _locked(batch)
            check(locked)
            if locked.refused and locked.mode == Mode.ALL_OR_NOTHING:
                locked.state = State.REFUSED
                locked.created = locked.updated = locked.unchanged = 0
            else:
                merge(locked)
                locked.state = State.DONE
            locked.finished_at = Now()
            locked.problem = ""
            locked.save()
            # What came is kept where it goes into the report of a file's bad lines.
            staging.drop(locked, lines=locked.source != "file" or not locked.refused)
    except IntegrityError as error:
        raise Overtaken from error
    batch.refresh_from_db()
    return batch


def _locked(batch: ImportBatch) -> ImportBatch:
    """The batch, held, with its lines in place. Raises ``ValidationError``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, batch.branch_id % 2**31])
    locked = ImportBatch.objects.select_for_update().get(pk=batch.pk)
    if locked.state in FINISHED:
        raise ValidationError(f"A importação nº {locked.pk} já terminou. Nada mudou.")
    if locked.state not in _LOADED or not staging.exists(locked):
        raise ValidationError(
            f"As linhas da importação nº {locked.pk} não estão mais aqui. Nada foi importado. "
            "Envie o arquivo de novo."
        )
    return locked
