"""Which bureaus this installation can speak to.

Providers are objects named by the entry point group ``regua.bureaus``; the entry point's name is
the provider's ``slug``. Our own are known without installed metadata and cannot be replaced. A
plug-in that fails to load is set aside with its reason and never takes the others down.

Public: ``get``, ``all``, ``broken``, ``problem_with``, ``reset``; ``UnknownBureau`` and
``BrokenBureau`` are what ``get`` raises.
"""

from __future__ import annotations

import builtins
import logging
import re
from functools import lru_cache
from importlib.metadata import EntryPoint
from typing import Any

from .contract import Capabilities, Provider
from .plugins import Found, discover, lacking

GROUP = "regua.bureaus"
BUILT_IN = (
    EntryPoint(
        "credito_na_medida", "regua.bureaus.providers.credito_na_medida:provider", group=GROUP
    ),
)

TAKEN_NAMES = frozenset(
    {
        "provider",
        "branch",
        "environment",
        "automatic",
        "restriction_code",
        "company_restriction_code",
        "removal_code",
        "calls_per_second",
    }
)
"""Fields that every integration's form has, whatever the bureau."""

logger = logging.getLogger(__name__)


class UnknownBureau(LookupError):
    """No provider has this slug here."""


class BrokenBureau(LookupError):
    """A provider with this slug is installed and could not be loaded."""


def get(slug: str) -> Provider:
    """Return the provider with this slug; raise ``BrokenBureau`` or ``UnknownBureau``."""
    found = _discover()
    if slug in found.usable:
        provider: Provider = found.usable[slug]
        return provider
    if slug in found.broken:
        raise BrokenBureau(
            f"O birô “{slug}” está instalado, mas não pôde ser carregado: {found.broken[slug]}. "
            "Corrija ou remova o pacote e reinicie."
        )
    known = ", ".join(sorted(found.usable)) or "nenhum"
    raise UnknownBureau(
        f"O birô “{slug}” não está instalado. Instalados: {known}. "
        "Instale o pacote dele ou escolha outro na integração."
    )


def name_of(slug: str) -> str:
    """The bureau's name, or the slug of one that is not installed any more."""
    try:
        return get(slug).name
    except LookupError:
        return slug


def all() -> builtins.list[Provider]:
    """Return every usable provider, ordered by name."""
    return sorted(_discover().usable.values(), key=lambda provider: provider.name.casefold())


def broken() -> dict[str, str]:
    """Return why each provider that could not be loaded was set aside, by slug."""
    return dict(_discover().broken)


def reset() -> None:
    """Forget what was found, so that the next question looks again (for tests)."""
    _discover.cache_clear()


@lru_cache(maxsize=1)
def _discover() -> Found:
    return discover(
        GROUP,
        BUILT_IN,
        lambda provider, slug: problem_with(provider, slug=slug),
        what="birô",
        logger=logger,
    )


def problem_with(provider: Any, *, slug: str) -> str:
    """Say what a provider lacks, or return ""."""
    wanted: dict[str, type] = {
        "slug": str,
        "name": str,
        "verified": bool,
        "capabilities": Capabilities,
        "form_fields": tuple,
    }
    if problem := lacking(provider, wanted, taken=TAKEN_NAMES):
        return problem
    if not hasattr(provider, "default_base_url"):
        return "falta o atributo default_base_url"
    for method in ("connect", "read_webhook"):
        if not callable(getattr(provider, method, None)):
            return f"falta o método {method}"
    if not 1 <= provider.capabilities.calls_per_second <= 1000:
        return "capabilities.calls_per_second precisa ir de 1 a 1000"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", provider.slug):
        return "o slug só pode ter letras minúsculas, números e _"
    if provider.slug != slug:
        return f"o ponto de entrada se chama {slug}, mas o slug é {provider.slug}"
    if not provider.name.strip():
        return "o nome está vazio"
    return ""
