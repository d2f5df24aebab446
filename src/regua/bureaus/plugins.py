"""Plug-ins found by entry point: bureaus' providers, and the connectors to billing systems."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any


@dataclass(frozen=True, slots=True)
class Found:
    usable: dict[str, Any] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    """Why each that could not be loaded was set aside."""


def discover(
    group: str,
    built_in: Iterable[EntryPoint],
    problem_with: Callable[[Any, str], str],
    *,
    what: str,
    logger: logging.Logger,
) -> Found:
    """The objects that the entry points of ``group`` name, by slug; ours first, whatever else says.

    ``problem_with`` an object under a slug is a phrase, empty where there is none.
    """
    found = Found()
    seen: dict[str, str] = {}
    for entry in (*built_in, *entry_points(group=group)):
        if entry.name in seen:
            if entry.value != seen[entry.name]:
                logger.error("Dois pacotes oferecem o %s %s; vale o primeiro", what, entry.name)
            continue
        seen[entry.name] = entry.value
        try:
            plugin = entry.load()
            problem = problem_with(plugin, entry.name)
        except Exception as exc:
            problem = f"{type(exc).__name__}: {exc}"
        if problem:
            logger.error("O %s %s não pôde ser carregado: %s", what, entry.name, problem)
            found.broken[entry.name] = problem
        else:
            found.usable[entry.name] = plugin
    return found


def lacking(plugin: Any, wanted: dict[str, type], *, taken: Collection[str]) -> str:
    """What every plug-in needs: to be an object with these attributes, and names of its own for
    its ``form_fields``."""
    if isinstance(plugin, type):
        return "o ponto de entrada aponta para uma classe; aponte para um objeto dela"
    for attribute, kind in wanted.items():
        if not isinstance(getattr(plugin, attribute, None), kind):
            return f"falta o atributo {attribute}, ou ele é de outro tipo"
    names = [str(getattr(field, "name", "")) for field in plugin.form_fields]
    good = [name for name in dict.fromkeys(names) if re.fullmatch(r"[a-z][a-z0-9_]*", name)]
    if good != names:
        return "cada campo de form_fields precisa de um nome só seu, em letras minúsculas e _"
    if used := sorted(set(taken).intersection(names)):
        return f"form_fields usa um nome que a tela já tem: {', '.join(used)}"
    return ""
