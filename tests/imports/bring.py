"""Bringing rows in as another system does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from regua.accounts.models import User
from regua.imports import selectors, services
from regua.imports.loading import load
from regua.imports.models import ImportBatch
from regua.organization.models import Branch


def loaded(
    kind: str,
    columns: str,
    *rows: Sequence[str | None],
    actor: User,
    branch: Branch,
    mode: str = "skip_bad",
) -> ImportBatch:
    batch = services.batch_start(actor=actor, kind=kind, branch=branch, source="api", mode=mode)
    load(batch, columns.split(), rows)
    return batch


def bring(
    kind: str,
    columns: str,
    *rows: Sequence[str | None],
    actor: User,
    branch: Branch,
    mode: str = "skip_bad",
) -> ImportBatch:
    batch = loaded(kind, columns, *rows, actor=actor, branch=branch, mode=mode)
    return services.batch_apply(batch)


def counts(batch: ImportBatch) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, refused."""
    return batch.created, batch.updated, batch.unchanged, batch.refused


def said(batch: ImportBatch) -> list[tuple[int, str, str]]:
    return [(p.line, p.field, p.code) for p in selectors.problems(batch)]


def cells(rows: Iterable[Sequence[object]]) -> list[list[str]]:
    return [[str(cell) for cell in row] for row in rows]
