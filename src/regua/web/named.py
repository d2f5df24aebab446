"""Statements kept in ``<app>/sql/*.sql`` files, with what Python puts into them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from string import Template
from typing import Any


def statement(app: str, name: str, **parts: str) -> str:
    """The text of ``regua/<app>/sql/<name>.sql``, its ``$parts`` filled in.

    A part is SQL of our own, never a value: values are parameters, ``%(name)s``.
    """
    return Template(_text(app, name)).substitute(parts)


@contextmanager
def planned_afresh(cursor: Any) -> Iterator[None]:
    """Plan what is executed inside for its own parameters and for how much there is today.

    A plan kept from a small slice would ruin a large one. Outside it PostgreSQL keeps its plans
    again, those of its checks of foreign keys among them, which planned afresh cost three times as
    much.
    """
    set_mode = "SELECT set_config('plan_cache_mode', %s, true)"
    cursor.execute(set_mode, ["force_custom_plan"])
    yield
    cursor.execute(set_mode, ["auto"])


@cache
def _text(app: str, name: str) -> str:
    return (resources.files(f"regua.{app}") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
