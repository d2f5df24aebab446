"""The tables that one import works in: what came, as it came, and what it means.

Each import has its own two, unlogged and without indexes: filled with ``COPY`` and ``CREATE TABLE
AS``, read from end to end, dropped whole. A server that crashes empties them; ``lines`` then tells
that they must be filled again.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from regua.imports.fields import Field, Kind
from regua.imports.models import ImportBatch
from regua.imports.reading import bare, flaw, padded, sql_type, trimmed, value


def raw(batch: ImportBatch) -> str:
    """``line``, ``width`` (of a line that has not as many cells as there are columns), ``c0`` …"""
    return f"imports_raw_{batch.pk}"


def clean(batch: ImportBatch) -> str:
    """The fields with their types, ``troubles`` (``field:code``), ``target``, ``action``."""
    return f"imports_clean_{batch.pk}"


def drop(batch: ImportBatch, *, lines: bool = True) -> None:
    """Drop the work tables; without ``lines`` what came stays."""
    with connection.cursor() as cursor:
        tables = [raw(batch), clean(batch)] if lines else [clean(batch)]
        cursor.execute(f"DROP TABLE IF EXISTS {', '.join(tables)}")


def actions(batch: ImportBatch) -> dict[int, str]:
    """Line → what it does: ``create``, ``update`` or ``same``. Of a few thousand at most."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT line, action FROM {clean(batch)}")  # noqa: S608
        return dict(cursor.fetchall())


def exists(batch: ImportBatch) -> bool:
    """Whether what came is still there, all of it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [raw(batch)])
        if not cursor.fetchone()[0]:
            return False
        if not batch.lines:
            return True
        cursor.execute(f"SELECT EXISTS (SELECT FROM {raw(batch)})")  # noqa: S608
        return bool(cursor.fetchone()[0])


def create(batch: ImportBatch, columns: int) -> None:
    with connection.cursor() as cursor:
        cells = "".join(f", c{place} text" for place in range(columns))
        cursor.execute(
            f"CREATE UNLOGGED TABLE {raw(batch)} (line integer, width integer{cells})"
            " WITH (autovacuum_enabled = off, parallel_workers = 2)"
        )


def columns(kind: Kind) -> str:
    """Every field of a kind, over ``n``."""
    return ", ".join(f"n.{field.name}" for field in kind.fields)


def flaws(kind: Kind) -> str:
    """An array of ``field:code`` and NULLs, over ``n``: what is wrong with the cells themselves."""
    found = [flaw(f"n.{f.name}_text", f"n.{f.name}", f) for f in kind.fields]
    return f"ARRAY[CASE WHEN n.width IS NOT NULL THEN 'line:width' END, {', '.join(found)}]"


def read(batch: ImportBatch) -> str:
    """A subquery over what came: per line each field as ``name`` and, bare, as ``name_text``.

    ``OFFSET 0`` keeps the planner from writing an expression out in each place that uses it.
    """
    fields = batch.what.fields
    trims = ", ".join(f"{_trimmed(batch, f)} AS {f.name}" for f in fields)
    texts = ", ".join(f"{_bare(batch, f)} AS {f.name}" for f in fields)
    values = ", ".join(
        f"r.{f.name} AS {f.name}_text, {_value(batch, f)} AS {f.name}" for f in fields
    )
    rows = f"(SELECT line, width, {trims} FROM {raw(batch)} OFFSET 0) AS s"  # noqa: S608
    rows = f"(SELECT s.line, s.width, {texts} FROM {rows} OFFSET 0) AS r"  # noqa: S608
    return f"(SELECT r.line, r.width, {values} FROM {rows} OFFSET 0)"  # noqa: S608


def texts(batch: ImportBatch) -> str:
    """Rows of a field's name and its cell's text, over ``s``."""
    rows = [f"('{name}', s.c{place})" for name, place in batch.mapping.items()]
    return f"(VALUES {', '.join(rows)})"


def mapped(batch: ImportBatch, fields: Sequence[Field]) -> list[Field]:
    """Those of ``fields`` that have a column."""
    return [field for field in fields if field.name in batch.mapping]


def _trimmed(batch: ImportBatch, field: Field) -> str:
    place = batch.mapping.get(field.name)
    return "NULL::text" if place is None else trimmed(f"c{int(place)}")


def _bare(batch: ImportBatch, field: Field) -> str:
    if field.name not in batch.mapping:
        return f"s.{field.name}"
    text = bare(f"s.{field.name}", field)
    return padded(text, field) if batch.reading.get("spreadsheet") else text


def _value(batch: ImportBatch, field: Field) -> str:
    if field.name not in batch.mapping:
        return f"NULL::{sql_type(field)}"
    return value(f"r.{field.name}", field)
