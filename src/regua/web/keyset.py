"""Pages by key, never by offset: page one and page ten thousand cost the same.

    page = keyset.paginate(queryset, ordering=("-due_on",), cursor=request.GET.get("cursor"))

The ordering always ends with the primary key, so it is total. A cursor is opaque and signed; one
that was tampered with, is of another ordering or cannot be read gives the first page.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from operator import and_, or_
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.core.signing import BadSignature, Signer
from django.db.models import BooleanField, F, Func, Model, Q, QuerySet, Value
from django.db.models.expressions import OrderBy

from regua.web import formats

T = TypeVar("T")


class BadCursor(ValueError):
    """The cursor is none of this list's (``strict``)."""


COUNT_LIMIT = 10_000
PAGE_SIZE = 50
_signer = Signer(salt="regua.web.keyset")


class _Key(NamedTuple):
    path: str
    descending: bool
    nullable: bool


@dataclass(frozen=True)
class KeysetPage(Generic[T]):
    """One page; iterate it. The cursors are ``None`` where there is nothing more."""

    items: list[T]
    next_cursor: str | None = None
    previous_cursor: str | None = None
    page_size: int = PAGE_SIZE
    ordering: tuple[str, ...] = field(default=())

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def has_next(self) -> bool:
        return self.next_cursor is not None

    @property
    def has_previous(self) -> bool:
        return self.previous_cursor is not None


@dataclass(frozen=True)
class CappedCount:
    """A number of rows that stops being counted at a limit."""

    number: int
    exceeded: bool = False

    def __str__(self) -> str:
        shown = formats.number(self.number)
        return f"mais de {shown}" if self.exceeded else shown

    def __bool__(self) -> bool:
        return self.number > 0


def capped_count(queryset: QuerySet[Any], limit: int = COUNT_LIMIT) -> CappedCount:
    """Count at most ``limit`` rows: ``mais de 10.000`` is enough for a person."""
    found = queryset.order_by()[: limit + 1].count()
    return CappedCount(min(found, limit), exceeded=found > limit)


def paginate(
    queryset: QuerySet[Any],
    *,
    ordering: Sequence[str],
    cursor: str | None = None,
    page_size: int = PAGE_SIZE,
    strict: bool = False,
) -> KeysetPage[Any]:
    """One page of ``queryset`` in ``ordering`` (names as for ``order_by``; annotations work).

    With ``strict`` a cursor that cannot be read raises ``BadCursor``.
    """
    keys = _keys(queryset.model, queryset.query.annotations, ordering)
    shape = _shape(keys)
    position = _decode(cursor, shape, len(keys))
    if strict and cursor is not None and position is None:
        raise BadCursor
    backwards = position is not None and position[0] == "p"
    rows = queryset.order_by(*(_order(key, reverse=backwards) for key in keys))
    if position is not None:
        rows = rows.filter(_beyond(keys, position[1], reverse=backwards))
    items = list(rows[: page_size + 1])
    more = len(items) > page_size
    items = items[:page_size]
    if backwards:
        if not more:  # reached the top: show a whole first page, not what is left of it
            return paginate(queryset, ordering=ordering, page_size=page_size)
        items.reverse()

    def at(direction: str, row: Any) -> str:
        return _encode(direction, shape, [_read(row, key.path) for key in keys])

    has_next = bool(items) and (backwards or more)
    has_previous = bool(items) and position is not None
    return KeysetPage(
        items=items,
        next_cursor=at("n", items[-1]) if has_next else None,
        previous_cursor=at("p", items[0]) if has_previous else None,
        page_size=page_size,
        ordering=tuple(ordering),
    )


def cursor_after(row: Any, ordering: Sequence[str]) -> str:
    """The cursor of the page that follows ``row``, a model instance, in ``ordering``."""
    keys = _keys(type(row), {}, ordering)
    return _encode("n", _shape(keys), [_read(row, key.path) for key in keys])


# --- Ordering -----------------------------------------------------------------------------------


def _keys(model: type[Model], annotations: Any, ordering: Sequence[str]) -> list[_Key]:
    keys = [
        _Key(name.lstrip("-"), name.startswith("-"), _nullable(model, annotations, name))
        for name in ordering
    ]
    primary = ("pk", model._meta.pk.name if model._meta.pk else "pk")
    if not any(key.path in primary for key in keys):
        keys.append(_Key("pk", keys[-1].descending if keys else False, False))
    return keys


def _shape(keys: list[_Key]) -> str:
    return ",".join(f"{'-' if key.descending else ''}{key.path}" for key in keys)


def _nullable(model: type[Model], annotations: Any, name: str) -> bool:
    path = name.lstrip("-")
    if path == "pk":
        return False
    if path in annotations:
        return True
    current: Any = model
    for part in path.split("__"):
        try:
            found = current._meta.get_field(part)
        except (FieldDoesNotExist, AttributeError):
            return True
        if getattr(found, "null", True):
            return True
        current = found.related_model
    return False


def _order(key: _Key, *, reverse: bool) -> OrderBy:
    """Empty counts as the greatest value, which is what PostgreSQL's plain indexes do."""
    if key.descending != reverse:
        return F(key.path).desc(nulls_first=True if key.nullable else None)
    return F(key.path).asc(nulls_last=True if key.nullable else None)


class _RowComparison(Func):
    """``(a, b) > (x, y)``, which one index range scan answers."""

    output_field = BooleanField()

    def __init__(self, sign: str, *expressions: Any) -> None:
        super().__init__(*expressions)
        self.sign = sign

    def as_sql(self, compiler: Any, *_: Any, **__: Any) -> tuple[str, Any]:
        parts: list[str] = []
        parameters: list[Any] = []
        for expression in self.get_source_expressions():
            sql, values = compiler.compile(expression)
            parts.append(sql)
            parameters.extend(values)
        half = len(parts) // 2
        left, right = ", ".join(parts[:half]), ", ".join(parts[half:])
        return f"({left}) {self.sign} ({right})", parameters


def _beyond(keys: list[_Key], values: list[Any], *, reverse: bool) -> Any:
    directions = {key.descending != reverse for key in keys}
    if len(directions) == 1 and not any(key.nullable for key in keys):
        sign = "<" if directions.pop() else ">"
        return _RowComparison(sign, *(F(key.path) for key in keys), *map(Value, values))
    branches = []
    for place, key in enumerate(keys):
        after = _after(key, values[place], reverse=reverse)
        if after is not None:
            same = [_same(k, v) for k, v in zip(keys[:place], values[:place], strict=True)]
            branches.append(reduce(and_, [*same, after]))
    return reduce(or_, branches)


def _same(key: _Key, value: Any) -> Q:
    return Q(**{f"{key.path}__isnull": True}) if value is None else Q(**{key.path: value})


def _after(key: _Key, value: Any, *, reverse: bool) -> Q | None:
    if key.descending != reverse:
        if value is None:
            return Q(**{f"{key.path}__isnull": False})
        return Q(**{f"{key.path}__lt": value})
    if value is None:
        return None
    greater = Q(**{f"{key.path}__gt": value})
    return greater | Q(**{f"{key.path}__isnull": True}) if key.nullable else greater


# --- Cursors ------------------------------------------------------------------------------------


def _read(row: Any, path: str) -> Any:
    if isinstance(row, dict):
        return row["id"] if path == "pk" and "pk" not in row else row[path]
    for part in path.split("__"):
        row = getattr(row, part, None)
    return row


def _pack(value: Any) -> list[Any]:
    if value is None or isinstance(value, bool | int | str):
        return ["j", str(value) if isinstance(value, str) else value]
    if isinstance(value, datetime):
        return ["t", value.isoformat()]
    if isinstance(value, date):
        return ["d", value.isoformat()]
    if isinstance(value, Decimal):
        return ["n", str(value)]
    if isinstance(value, UUID):
        return ["u", str(value)]
    if isinstance(value, float):
        return ["f", value.hex()]
    raise TypeError(f"cannot page by {type(value).__name__}")


_UNPACK: dict[str, Any] = {
    "j": lambda value: value,
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "n": Decimal,
    "u": UUID,
    "f": float.fromhex,
}


def _encode(direction: str, shape: str, values: list[Any]) -> str:
    packed = [direction, shape, [_pack(value) for value in values]]
    return _signer.sign_object(packed, compress=True)


def _decode(cursor: str | None, shape: str, width: int) -> tuple[str, list[Any]] | None:
    if not cursor:
        return None
    try:
        direction, seen_shape, packed = _signer.unsign_object(cursor)
        if seen_shape != shape or direction not in ("n", "p") or len(packed) != width:
            return None
        return direction, [_UNPACK[kind](value) for kind, value in packed]
    except (BadSignature, json.JSONDecodeError, ValueError, TypeError, KeyError):
        return None
