"""What was checked into the tables it is for, with all that follows from it, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection

from regua.imports import staging
from regua.imports.checking import family, is_small
from regua.imports.models import ImportBatch
from regua.imports.targets import parts
from regua.receivables.changes import changed
from regua.web.named import planned_afresh, statement

_SLICE = 5000
_STEPS = {
    "parties": ("insert", "update"),
    "contracts": ("insert", "dates", "update"),
    "receivables": ("insert", "paid", "cancelled", "update"),
    "payments": ("insert", "update", "settle"),
}


class Overtaken(ValidationError):
    """Somebody changed the same things at the same moment."""

    def __init__(self) -> None:
        super().__init__(
            "Enquanto a importação era feita, alguém mudou os mesmos dados. Nada foi importado. "
            "Tente de novo."
        )


def merge(batch: ImportBatch) -> None:
    """Write the lines without a problem; ``checking.check`` came before in this transaction.

    Raises ``Overtaken``; the caller's transaction must then end without effect.
    """
    filled = parts(batch)
    values: dict[str, Any] = {
        "branch": batch.branch_id,
        "actor": batch.started_by_id,
        "reason": f"Cancelado no sistema de origem (importação nº {batch.pk}).",
    }
    expected = {"insert": batch.created, "update": batch.updated}
    if batch.kind == "payments":
        expected["settle"] = _count(batch, "count(DISTINCT receivable_id)", "action = 'create'")
    with connection.cursor() as cursor, planned_afresh(cursor, nested_loops=is_small(batch)):
        for step in _STEPS[family(batch)]:
            if expected.get(step) == 0:
                continue
            cursor.execute(statement("imports", f"{family(batch)}_{step}", **filled), values)
            if step in expected and cursor.rowcount != expected[step]:
                raise Overtaken
    for ids in _touched(batch):
        changed(ids)


def _touched(batch: ImportBatch) -> Iterator[list[int]]:
    """The receivables that were here before and are not as they were, a slice at a time."""
    column, action = {
        "receivables": ("target", "update"),
        "payments": ("receivable_id", "create"),
    }.get(batch.kind, ("", ""))
    if not column or not (batch.updated if action == "update" else batch.created):
        return
    with connection.cursor() as cursor:
        after = 0
        while True:
            cursor.execute(
                f"SELECT DISTINCT {column} FROM {staging.clean(batch)}"  # noqa: S608
                f" WHERE troubles IS NULL AND action = %s AND {column} > %s"
                f" ORDER BY {column} LIMIT %s",
                [action, after, _SLICE],
            )
            ids = [pk for (pk,) in cursor.fetchall()]
            if not ids:
                return
            yield ids
            after = ids[-1]


def _count(batch: ImportBatch, what: str, which: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {what} FROM {staging.clean(batch)} WHERE troubles IS NULL AND {which}"  # noqa: S608
        )
        return int(cursor.fetchone()[0])
