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
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from .contract import Capabilities, Provider

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


@dataclass(frozen=True, slots=True)
class _Found:
    providers: dict[str, Provider]
    broken: dict[str, str]


def get(slug: str) -> Provider:
    """Return the provider with this slug; raise ``BrokenBureau`` or ``UnknownBureau``."""
    found = _discover()
    if slug in found.providers:
        return found.providers[slug]
    if slug in found.broken:
        raise BrokenBureau(
            f"O birô “{slug}” está instalado, mas não pôde ser carregado: {found.broken[slug]}. "
            "Corrija ou remova o pacote e reinicie."
        )
    known = ", ".join(sorted(found.providers)) or "nenhum"
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
    return sorted(_discover().providers.values(), key=lambda provider: provider.name.casefold())


def broken() -> dict[str, str]:
    """Return why each provider that could not be loaded was set aside, by slug."""
    return dict(_discover().broken)


def reset() -> None:
    """Forget what was found, so that the next question looks again (for tests)."""
    _discover.cache_clear()


@lru_cache(maxsize=1)
def _discover() -> _Found:
    found = _Found(providers={}, broken={})
    seen: dict[str, str] = {}
    for entry in (*BUILT_IN, *entry_points(group=GROUP)):
        if entry.name in seen:
            if entry.value != seen[entry.name]:
                logger.error("Dois pacotes oferecem o birô %s; vale o primeiro", entry.name)
            continue
        seen[entry.name] = entry.value
        try:
            provider = entry.load()
            problem = problem_with(provider, slug=entry.name)
        except Exception as exc:
            problem = f"{type(exc).__name__}: {exc}"
        if problem:
            logger.error("O birô %s não pôde ser carregado: %s", entry.name, problem)
            found.broken[entry.name] = problem
        else:
            found.providers[entry.name] = cast("Provider", provider)
    return found


def problem_with(provider: Any, *, slug: str) -> str:
    """Say what a provider lacks, or return ""."""
    if isinstance(provider, type):
        return "o ponto de entrada aponta para uma classe; aponte para um objeto dela"
    wanted: dict[str, type | tuple[type, ...]] = {
        "slug": str,
        "name": str,
        "verified": bool,
        "capabilities": Capabilities,
        "form_fields": tuple,
    }
    for attribute, kind in wanted.items():
        if not isinstance(getattr(provider, attribute, None), kind):
            return f"falta o atributo {attribute}, ou ele é de outro tipo"
    names = [str(getattr(field, "name", "")) for field in provider.form_fields]
    good = [name for name in dict.fromkeys(names) if re.fullmatch(r"[a-z][a-z0-9_]*", name)]
    if good != names:
        return "cada campo de form_fields precisa de um nome só seu, em letras minúsculas e _"
    if taken := TAKEN_NAMES.intersection(names):
        return f"form_fields usa um nome que a tela já tem: {', '.join(sorted(taken))}"
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
