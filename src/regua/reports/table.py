"""The rows of a report as the screen's table shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from regua.reports.definition import Column, Kind, Report
from regua.web import formats, keyset
from regua.web.status import Status

_CLASSES = {
    Kind.DOCUMENT: "document",
    Kind.MONEY: "money",
    Kind.NUMBER: "number",
    Kind.INSTANT: "date",
    Kind.DAY: "date",
    Kind.PERCENT: "number",
}
_LONG = 30
"""Characters from which a text has a column's width to itself."""


@dataclass(frozen=True, slots=True)
class Head:
    label: str
    classes: str


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    classes: str
    status: Status | None = None
    url: str = ""
    """Where the row's first cell leads."""


@dataclass(frozen=True, slots=True)
class Table:
    heads: list[Head]
    rows: list[list[Cell]]
    page: keyset.KeysetPage[Any]


def table(
    report: Report, rows: QuerySet[Any], columns: Sequence[Column], cursor: str | None
) -> Table:
    """One page of ``rows``, in one query, whichever the columns."""
    read = rows.select_related(None).only(*report.badges_read)
    read = read.annotate(**{f"c_{c.key}": c.expression for c in columns})
    page = keyset.paginate(read, ordering=report.ordering, cursor=cursor)
    heads = [Head(column.label, _classes(column)) for column in columns]
    labels = {column.key: column.labels for column in columns if column.kind is Kind.CHOICE}
    return Table(heads, [_cells(report, row, columns, labels) for row in page], page)


def _cells(
    report: Report, row: Any, columns: Sequence[Column], labels: dict[str, dict[str, str]]
) -> list[Cell]:
    cells = []
    for place, column in enumerate(columns):
        value = getattr(row, f"c_{column.key}")
        if column.kind is Kind.CHOICE:
            value = labels[column.key].get(value, value)
        text, url = _text(column, value), ""
        if place == 0:
            key = getattr(row, report.detail_key)
            url = reverse(report.detail, args=[key])
            text = f"nº {key}" if text == formats.EMPTY else text
        badge = report.badges.get(column.key)
        cells.append(Cell(text, _classes(column), badge(row) if badge else None, url))
    return cells


def _classes(column: Column) -> str:
    wide = column.kind is Kind.TEXT and column.width >= _LONG
    return _CLASSES.get(column.kind, "main" if wide else "")


def _text(column: Column, value: Any) -> str:
    """A value as a person reads it; a dash where there is none."""
    if value is None or value == "":
        return formats.EMPTY
    match column.kind:
        case Kind.DOCUMENT:
            return formats.document_masked(value)
        case Kind.MONEY:
            return formats.brl(value)
        case Kind.INSTANT:
            return formats.instant(value)
        case Kind.DAY:
            return formats.day(value)
        case Kind.PERCENT:
            return f"{formats.number(value * 100, 2)}%"
        case _:
            return str(value)
