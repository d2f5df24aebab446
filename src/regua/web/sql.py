"""What the few statements of our own share that every inquiry and every bureau call runs.

A queryset takes longer to become SQL than PostgreSQL takes to answer it. On those paths the text
is written out: its select list comes from ``columns``, and ``read`` makes instances of the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Model

DURABLY = "set_config('synchronous_commit', 'on', true)"
"""Evaluated anywhere in a transaction: it is on disk when its commit returns."""
LAZILY = "set_config('synchronous_commit', 'off', true)"
"""The commit of this transaction reaches the disk a moment later, in its order among the others;
a later durable one carries it along."""


@cache
def columns(model: type[Model], alias: str) -> str:
    """The select list of every column of ``model``, which the statement calls ``alias``."""
    names = (connection.ops.quote_name(str(f.column)) for f in model._meta.concrete_fields)
    return ", ".join(f"{alias}.{name}" for name in names)


def read(values: Sequence[Any], *models: type[Model]) -> list[Any]:
    """An instance of each model from their ``columns``; None where an outer join found no row."""
    found = []
    start = 0
    for model in models:
        end = start + len(model._meta.concrete_fields)
        found.append(_instance(model, values[start:end]))
        start = end
    return found


def first(statement: str, parameters: Mapping[str, Any], *models: type[Model]) -> list[Any]:
    """The instances in the first row of a statement that selects the ``columns`` of ``models``;
    None for each where there is no row."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        row = cursor.fetchone()
    return read(row, *models) if row else [None] * len(models)


def _instance(model: type[Model], values: Sequence[Any]) -> Model | None:
    fields = model._meta.concrete_fields
    loaded = []
    for field, value in zip(fields, values, strict=True):
        for convert in field.get_db_converters(connection):
            value = convert(value, field, connection)
        loaded.append(value)
    instance = model.from_db(connection.alias, [field.attname for field in fields], loaded)
    return None if instance.pk is None else instance
