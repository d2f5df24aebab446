"""The rows of a report, each value already written by PostgreSQL as the format wants it.

Formatting a million rows in SQL and streaming ``COPY`` costs a fraction of doing it here, and no
memory. The report's own query stands inside, compiled by Django; around it is one expression per
column, over names of ours only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from regua.reports.definition import Column, Kind

ZONE = "America/Sao_Paulo"
Wording = Callable[[Column, str], str]
"""A column and the SQL name of its raw value → SQL for the text in the file."""


@dataclass(frozen=True)
class File:
    """What a file says about itself besides its rows."""

    title: str
    company: str
    about: str
    """The filters in words."""
    author: str
    made_at: datetime


@contextmanager
def own_connection() -> Iterator[psycopg.Connection[Any]]:
    """A connection to the database of its own; whatever was left open on it is rolled back."""
    wrapper = connection.copy()
    try:
        wrapper.ensure_connection()
        yield wrapper.connection
    finally:
        wrapper.close()


def snapshot(reader: psycopg.Connection[Any]) -> Any:
    """A transaction in which every query sees the same rows."""
    reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    reader.read_only = True
    return reader.transaction()


class Source:
    """The rows of one export, inside a ``snapshot``."""

    def __init__(
        self,
        reader: psycopg.Connection[Any],
        rows: QuerySet[Any],
        columns: Sequence[Column],
        ordering: Sequence[str],
    ) -> None:
        self.columns = columns
        self._reader = reader
        raw = rows.annotate(**{f"c_{c.key}": c.expression for c in columns})
        raw = raw.order_by().values_list(*(f"c_{c.key}" for c in columns))
        try:
            self._sorted = raw.order_by(*ordering).query.sql_with_params()
            self._unsorted = raw.query.sql_with_params()
        except EmptyResultSet:  # Django knows that nothing can match
            self._sorted = self._unsorted = None
        self.count, self.totals = self._sum_up()

    def _sum_up(self) -> tuple[int, dict[str, Decimal]]:
        summed = [column for column in self.columns if column.total]
        if self._unsorted is None:
            return 0, {column.key: Decimal(0) for column in summed}
        sql, parameters = self._unsorted
        sums = "".join(f", coalesce(sum(r.{_name(column)}), 0)" for column in summed)
        with self._reader.cursor() as cursor:
            cursor.execute(f"SELECT count(*){sums} FROM ({sql}) AS r", parameters)  # noqa: S608
            count, *totals = cursor.fetchone() or (0,)
        return count, {c.key: total for c, total in zip(summed, totals, strict=True)}

    @contextmanager
    def copy(self, form: str, words: Sequence[str]) -> Iterator[psycopg.Copy]:
        """``COPY`` of these SQL expressions, one message per row."""
        if self._sorted is None:
            sql, parameters = "SELECT WHERE false", ()
        else:
            inner, parameters = self._sorted
            # Our own words may hold %, which is the sign of a parameter here.
            written = ", ".join(words).replace("%", "%%")
            sql = f"SELECT {written} FROM ({inner}) AS r"  # noqa: S608
        with (
            self._reader.cursor() as cursor,
            cursor.copy(f"COPY ({sql}) TO STDOUT ({form})", parameters) as copy,
        ):
            yield copy

    def words(self, wording: Wording) -> list[str]:
        return [wording(column, f"r.{_name(column)}") for column in self.columns]


def _name(column: Column) -> str:
    return connection.ops.quote_name(f"c_{column.key}")


def quoted(text: str) -> str:
    """Our own text as an SQL string."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def plain(column: Column, value: str) -> str:
    """A value as a Brazilian reads it in running text; empty where there is none."""
    match column.kind:
        case Kind.TEXT:
            return f"nullif({value}, '')"
        case Kind.DOCUMENT:
            return masked(value)
        case Kind.MONEY:
            return f"replace(round({value}, 2)::text, '.', ',')"
        case Kind.NUMBER:
            return f"replace({value}::text, '.', ',')"
        case Kind.INSTANT:
            return f"to_char({value} AT TIME ZONE '{ZONE}', 'DD/MM/YYYY HH24:MI:SS')"
        case Kind.DAY:
            return f"to_char({value}, 'DD/MM/YYYY')"
        case Kind.PERCENT:
            return f"replace(round({value} * 100, 2)::text, '.', ',') || '%'"
        case Kind.CHOICE:
            return choice(column, value)


def choice(column: Column, value: str, label_as: Callable[[str], str] = lambda label: label) -> str:
    labels = column.labels
    if not labels:
        return f"nullif({value}, '')"
    cases = "".join(
        f" WHEN {quoted(code)} THEN {quoted(label_as(label))}" for code, label in labels.items()
    )
    return f"CASE {value}{cases} ELSE nullif({value}, '') END"


def masked(value: str) -> str:
    """A CPF or CNPJ as ``web.formats.document_masked`` shows it."""
    return (
        f"CASE length({value})"
        f" WHEN 11 THEN concat('***.', substr({value}, 4, 3), '.', substr({value}, 7, 3), '-**')"
        f" WHEN 14 THEN concat(left({value}, 2), '.***.***/****-', right({value}, 2))"
        f" ELSE repeat('*', nullif(length({value}), 0)) END"
    )
