"""Which billing systems this installation can read.

Connectors are objects named by the entry point group ``regua.connectors``; the entry point's name
is the connector's ``slug``. Our own are known without installed metadata and cannot be replaced. A
plug-in that fails to load is set aside with its reason and never takes the others down.

Public: ``get``, ``all``, ``broken``, ``name_of``, ``reset``; ``UnknownConnector`` is what ``get``
raises.
"""

from __future__ import annotations

import builtins
import logging
import re
from functools import lru_cache
from importlib.metadata import EntryPoint
from typing import Any

from regua.bureaus.plugins import Found, discover, lacking

from .contract import Connector, Kind

GROUP = "regua.connectors"
BUILT_IN = (EntryPoint("ixc", "regua.connectors.ixc:connector", group=GROUP),)

TAKEN_NAMES = frozenset({"connector", "branch", "base_url", "active"})
"""Fields that every connection's form has, whatever the system."""

logger = logging.getLogger(__name__)


class UnknownConnector(LookupError):
    """No usable connector has this slug here."""


def get(slug: str) -> Connector:
    """Return the connector with this slug or raise ``UnknownConnector``."""
    found = _discover()
    if slug in found.usable:
        connector: Connector = found.usable[slug]
        return connector
    if slug in found.broken:
        raise UnknownConnector(
            f"O conector “{slug}” está instalado, mas não pôde ser carregado: "
            f"{found.broken[slug]}. Corrija ou remova o pacote e reinicie."
        )
    raise UnknownConnector(
        f"O conector “{slug}” não está instalado. Nada foi lido. Instale o pacote dele."
    )


def all() -> builtins.list[Connector]:
    """Return every usable connector, ordered by name."""
    return sorted(_discover().usable.values(), key=lambda found: found.name.casefold())


def broken() -> dict[str, str]:
    """Return why each connector that could not be loaded was set aside, by slug."""
    return dict(_discover().broken)


def name_of(slug: str) -> str:
    """The system's name, or the slug of one that is not installed any more."""
    try:
        return get(slug).name
    except LookupError:
        return slug


def reset() -> None:
    """Forget what was found, so that the next question looks again (for tests)."""
    _discover.cache_clear()


@lru_cache(maxsize=1)
def _discover() -> Found:
    return discover(GROUP, BUILT_IN, _problem_with, what="conector", logger=logger)


def _problem_with(connector: Any, slug: str) -> str:
    """Say what a connector lacks, or return ""."""
    wanted: dict[str, type] = {
        "slug": str,
        "name": str,
        "verified": bool,
        "address_help": str,
        "form_fields": tuple,
        "kinds": tuple,
    }
    if problem := lacking(connector, wanted, taken=TAKEN_NAMES):
        return problem
    if not callable(getattr(connector, "connect", None)):
        return "falta o método connect"
    if connector.slug != slug or not re.fullmatch(r"[a-z][a-z0-9_]{0,19}", slug):
        return f"o slug {connector.slug} não serve ou não é o nome do ponto de entrada, {slug}"
    if not connector.name.strip():
        return "o nome está vazio"
    if not connector.kinds or not set(connector.kinds) <= set(Kind):
        return "kinds está vazio ou traz o que não existe"
    return ""
