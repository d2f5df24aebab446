"""Reading imports."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection, transaction
from django.db.models import QuerySet

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.imports import staging, wording
from regua.imports.fields import key
from regua.imports.models import ImportBatch, ImportProblem


def batches_visible(actor: User) -> QuerySet[ImportBatch]:
    return visible(
        ImportBatch.objects.select_related("branch", "started_by"),
        actor=actor,
        permission=Permission.IMPORT_DATA,
    )


def problems(batch: ImportBatch) -> QuerySet[ImportProblem]:
    """What is wrong, in the order of the lines; a line may have several."""
    return ImportProblem.objects.filter(batch=batch).select_related("batch").order_by("line", "pk")


def bad_lines(batch: ImportBatch) -> Iterator[list[object]]:
    """The header and the lines with a problem as they came, and behind them what is wrong.

    Only the header where the lines are no longer kept.
    """
    # A file that was mended and comes again has our own column already.
    places = [p for p, header in enumerate(batch.columns) if key(header) != "problema"]
    yield [*(batch.columns[place] for place in places), "Problema"]
    if not staging.exists(batch):
        return
    cells = "".join(f", s.c{place}" for place in places)
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(
            f"SELECT p.said{cells} FROM {staging.raw(batch)} AS s JOIN ("  # noqa: S608
            "SELECT line, array_agg(field || ':' || code ORDER BY id) AS said"
            " FROM imports_importproblem WHERE batch_id = %s GROUP BY line"
            ") AS p ON p.line = s.line ORDER BY s.line",
            [batch.pk],
        )
        while rows := cursor.fetchmany(1000):
            for said, *row in rows:
                yield [*row, " ".join(_said(batch, trouble) for trouble in said)]


def _said(batch: ImportBatch, trouble: str) -> str:
    field, _, code = trouble.partition(":")
    wrong, mend = wording.sentences(batch.what, field, code)
    return f"{wording.label(batch.what, field)}: {wrong} {mend}"
