"""Sorting a list by its column headers: ``?ordem=filial`` and ``?ordem=-filial``.

    order = ordering.chosen(COLUMNS, request.GET.get("ordem"), default="id")
    page = keyset.paginate(rows, ordering=order.by, cursor=request.GET.get("cursor"))

In the template ``{% include "web/components/sort_headers.html" %}`` draws the headers, given the
order as ``order``. A column that nobody offered gives the default.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One header. ``by`` are the fields it sorts by, none where it does not sort."""

    key: str
    label: str
    by: tuple[str, ...] = ()
    classes: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """A column as it stands: where a click leads, and how it sorts now."""

    column: Column
    link: str
    """The value of ``ordem`` that a click asks for."""
    state: str
    """``ascending``, ``descending`` or '', as in ``aria-sort``."""


@dataclass(frozen=True, slots=True)
class Order:
    key: str
    by: tuple[str, ...]
    headers: tuple[Header, ...]


def chosen(columns: Sequence[Column], asked: str | None, *, default: str) -> Order:
    """The order that ``asked`` names (``-`` before it turns it round), else ``default``."""
    offered = {column.key: column for column in columns if column.by}
    asked = asked if asked and asked.removeprefix("-") in offered else default
    key, descending = asked.removeprefix("-"), asked.startswith("-")
    by = tuple(_turned(name) if descending else name for name in offered[key].by)
    headers = []
    for column in columns:
        state = ""
        if column.key == key:
            state = "descending" if descending else "ascending"
        link = f"-{column.key}" if state == "ascending" else column.key
        headers.append(Header(column, link if column.by else "", state))
    return Order(asked, by, tuple(headers))


def _turned(name: str) -> str:
    return name.removeprefix("-") if name.startswith("-") else f"-{name}"
