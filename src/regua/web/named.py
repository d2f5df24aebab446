"""Statements kept in ``<app>/sql/*.sql`` files, with what Python puts into them."""

from __future__ import annotations

from functools import cache
from importlib import resources
from string import Template


def statement(app: str, name: str, **parts: str) -> str:
    """The text of ``regua/<app>/sql/<name>.sql``, its ``$parts`` filled in.

    A part is SQL of our own, never a value: values are parameters, ``%(name)s``.
    """
    return Template(_text(app, name)).substitute(parts)


@cache
def _text(app: str, name: str) -> str:
    return (resources.files(f"regua.{app}") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
