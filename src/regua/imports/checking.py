"""Every line read, found among what there is, and told what is wrong with it: a few statements."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils import timezone

from regua.imports import staging
from regua.imports.models import ImportBatch, ImportProblem
from regua.imports.targets import keys, parts
from regua.web.named import planned_afresh, statement

_LARGE = "SELECT set_config('enable_mergejoin', 'off', true), set_config('work_mem', '64MB', true)"
"""Whole files are joined here: hashed, never sorted."""
_SMALL = 20_000
"""Lines."""
_CHECKS = {"customers": "parties", "leads": "parties", "prospects": "parties"}


def family(batch: ImportBatch) -> str:
    """How the statements of the batch's kind are called."""
    return _CHECKS.get(batch.kind, batch.kind)


def is_small(batch: ImportBatch) -> bool:
    """Whether looking each line up in an index beats reading whole tables."""
    return batch.lines <= _SMALL


def check(batch: ImportBatch) -> None:
    """Fill the clean table, the problems and the batch's counts anew; in the caller's transaction.

    What it finds of other tables is as of now: ``merging`` comes in the same transaction.
    """
    filled = parts(batch)
    values: dict[str, Any] = {
        "branch": batch.branch_id,
        "batch": batch.pk,
        "today": timezone.localdate(),
    }
    staging.drop(batch, lines=False)
    ImportProblem.objects.filter(batch=batch).delete()
    with connection.cursor() as cursor, planned_afresh(cursor, nested_loops=is_small(batch)):
        cursor.execute(_LARGE)
        cursor.execute(statement("imports", f"{family(batch)}_check", **filled), values)
        cursor.execute(f"ANALYZE {staging.clean(batch)} (line, target, action)")
        for over, field in keys(batch.what):
            _repeated(cursor, filled["clean"], over, field, values)
        if batch.kind == "payments":
            cursor.execute(statement("imports", "payments_above", **filled), values)
        _count(cursor, batch)
        if batch.refused:
            cursor.execute(statement("imports", "problems", **filled), values)


def _repeated(cursor: Any, clean: str, over: str, field: str, values: dict[str, Any]) -> None:
    """Mark the lines that share a key; ``over`` may hold several columns, none of them NULL."""
    cursor.execute(
        statement(
            "imports",
            "repeated",
            clean=clean,
            key=over,
            field=field,
            known=" AND ".join(f"({part}) IS NOT NULL" for part in over.split(", ")),
        ),
        values,
    )


def _count(cursor: Any, batch: ImportBatch) -> None:
    cursor.execute(
        "SELECT count(*) FILTER (WHERE troubles IS NULL AND action = 'create'),"  # noqa: S608
        " count(*) FILTER (WHERE troubles IS NULL AND action = 'update'),"
        " count(*) FILTER (WHERE troubles IS NULL AND action = 'same'),"
        f" count(*) FILTER (WHERE troubles IS NOT NULL) FROM {staging.clean(batch)}"
    )
    batch.created, batch.updated, batch.unchanged, batch.refused = cursor.fetchone()
