"""Tabler icons, inlined from the vendored SVG files."""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

logger = logging.getLogger(__name__)

FOLDER = Path(__file__).resolve().parent / "static/vendor/icons/outline"
# A checkout that has not run `make assets` since a template began to use a new icon.
_CHECKOUT = Path(__file__).resolve().parents[3] / "node_modules/@tabler/icons/icons/outline"
_NAME = re.compile(r"^[a-z0-9-]+$")
_BODY = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
_BLANK_BOX = re.compile(r'<path\s+stroke="none"\s+d="M0 0h24v24H0z"\s+fill="none"\s*/>')


class IconMissing(LookupError):
    """No vendored SVG has this name; run ``tools/assets.py``."""


@lru_cache(maxsize=1024)
def drawing(name: str) -> SafeString:
    """The inside of the SVG file of icon ``name``."""
    if not _NAME.match(name):
        raise IconMissing(name)
    for folder in (FOLDER, _CHECKOUT):
        path = folder / f"{name}.svg"
        if path.exists():
            found = _BODY.search(path.read_text(encoding="utf-8"))
            if found:
                body = " ".join(_BLANK_BOX.sub("", found[1]).split())
                return mark_safe(body)  # noqa: S308 — our own vendored file
    raise IconMissing(f"{name!r} is not in {FOLDER}; run tools/assets.py")


def svg(name: str, classes: str = "", *, size: int = 0, label: str = "") -> SafeString:
    """Inline SVG of one icon. Decorative (hidden from screen readers) unless ``label`` is given."""
    try:
        body = drawing(name)
    except IconMissing:
        if settings.DEBUG:
            raise
        logger.warning("icon %s is not vendored", name)
        body = mark_safe("")
    box = size or 24
    hidden = (
        format_html('role="img" aria-label="{}"', label)
        if label
        else mark_safe('aria-hidden="true"')
    )
    return format_html(
        '<svg class="icon{}" width="{}" height="{}" viewBox="0 0 24 24" fill="none" '
        'stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" '
        'focusable="false" {}>{}</svg>',
        f" {classes}" if classes else "",
        box,
        box,
        hidden,
        body,
    )
