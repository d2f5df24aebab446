"""What the few statements of our own share that every inquiry and every bureau call runs.

A queryset takes longer to become SQL than PostgreSQL takes to answer it. On those paths the text
is written out: its select list comes from ``columns``, and ``read`` makes instances of the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Field, Model
from django.db.models.expressions import DatabaseDefault

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


def insertion(instance: Model, **instead: str) -> tuple[str, str, dict[str, Any]]:
    """Columns, their values and the parameters to insert ``instance`` in a statement of our own.

    What the database fills in by itself is left out. ``instead`` gives SQL for a column.
    """
    database = connections[DEFAULT_DB_ALIAS]  # not its proxy, which is asked for each attribute
    columns, expressions, parameters = [], [], {}
    for field in instance._meta.concrete_fields:
        name = field.attname
        value = getattr(instance, name)
        if field.primary_key or isinstance(value, DatabaseDefault):
            continue
        column, kind = _place(field)
        columns.append(column)
        expressions.append(instead.get(name) or f"%({name})s::{kind}")
        parameters[name] = field.get_db_prep_save(value, database)
    return ", ".join(columns), ", ".join(expressions), parameters


def assignments(model: type[Model], changes: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The ``SET`` list of an update of our own, and its parameters."""
    database = connections[DEFAULT_DB_ALIAS]
    said, parameters = [], {}
    for name, value in changes.items():
        field = cast("Field[Any, Any]", model._meta.get_field(name))
        column, kind = _place(field)
        said.append(f"{column} = %(set_{name})s::{kind}")
        parameters[f"set_{name}"] = field.get_db_prep_save(value, database)
    return ", ".join(said), parameters


@cache
def _place(field: Field[Any, Any]) -> tuple[str, str]:
    """The column and its type, without its length: what is too long is refused, not cut."""
    kind = str(field.db_type(connection)).partition("(")[0]
    return connection.ops.quote_name(str(field.column)), kind


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


@cache
def _shape(model: type[Model]) -> tuple[list[str], list[tuple[int, Field[Any, Any], Any]]]:
    """The attributes of ``model`` in the order of its columns, and which need converting."""
    fields = model._meta.concrete_fields
    converting = [
        (place, field, convert)
        for place, field in enumerate(fields)
        for convert in field.get_db_converters(connection)
    ]
    return [field.attname for field in fields], converting


def _instance(model: type[Model], values: Sequence[Any]) -> Model | None:
    names, converting = _shape(model)
    loaded = list(values)
    for place, field, convert in converting:
        loaded[place] = convert(loaded[place], field, connection)
    instance = model.from_db(connection.alias, names, loaded)
    return None if instance.pk is None else instance
