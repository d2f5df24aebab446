"""``{% load regua %}``: icons, status badges and the way values look on screen."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from regua.web import formats
from regua.web.icons import svg
from regua.web.status import STATUSES, Status, Tone

register = template.Library()


@register.simple_tag
def icon(name: str, classes: str = "", size: int = 0, label: str = "") -> SafeString:
    """``{% icon "bell" %}``, ``{% icon "bell" "text-secondary" size=16 label="Avisos" %}``."""
    return svg(name, classes, size=size, label=label)


@register.filter
def brl(value: Decimal | int | str | None) -> str:
    return formats.brl(value)


@register.filter
def plain(value: Decimal | int | None) -> str:
    """A number for the machine, as in ``data-amount``: ``1234.56``, whatever the language."""
    return "" if value is None else str(value)


@register.filter
def thousands(value: int | Decimal | None) -> str:
    return formats.EMPTY if value is None or value == "" else formats.number(value)


@register.filter
def day(value: date | datetime | None) -> str:
    return formats.day(value)


@register.filter
def instant(value: datetime | None) -> str:
    return formats.instant(value)


@register.filter
def ago(value: date | datetime | None) -> str:
    return formats.ago(value)


@register.filter(name="document")
def document_(value: object) -> str:
    return formats.document(value)


@register.filter
def document_masked(value: object) -> str:
    return formats.document_masked(value)


@register.filter
def phone(value: object) -> str:
    return formats.phone(value)


@register.filter
def cep(value: object) -> str:
    return formats.cep(value)


@register.simple_tag
def when(value: date | datetime | None) -> SafeString | str:
    """Absolute and relative together: ``18/11/2025 14:21 · há 3 minutos``."""
    if not value:
        return formats.EMPTY
    absolute = formats.instant(value) if isinstance(value, datetime) else formats.day(value)
    return format_html(
        '<time datetime="{}">{}</time> <span class="text-secondary">· {}</span>',
        value.isoformat(),
        absolute,
        formats.ago(value),
    )


@register.simple_tag
def crumb(label: str, url_name: str = "", *args: Any) -> SafeString:
    """``{% crumb "Clientes" "customer_list" %}``; without a URL name it is plain text."""
    url = ""
    if url_name:
        try:
            url = reverse(url_name, args=args)
        except NoReverseMatch:
            url = ""
    if url:
        return format_html('<li class="breadcrumb-item"><a href="{}">{}</a></li>', url, label)
    return format_html('<li class="breadcrumb-item">{}</li>', label)


@register.simple_tag
def status_badge(label: str, tone: str, icon: str) -> SafeString:
    """``{% status_badge "Ativa" "active" "ban" %}``: always a word, a colour and an icon."""
    return format_html(
        '<span class="status-badge tone-{}">{}<span>{}</span></span>', Tone(tone), svg(icon), label
    )


@register.simple_tag
def badge(status: str | Status) -> SafeString:
    """``{% badge restriction.status %}``: a known status code, or a ``Status``."""
    found = status if isinstance(status, Status) else STATUSES[str(status)]
    return status_badge(found.label, found.tone, found.icon)


@register.inclusion_tag("web/components/gauge.html")
def gauge(
    value: int | None, minimum: int = 0, maximum: int = 1000, tone: str = "sent", label: str = ""
) -> dict[str, Any]:
    """A half circle filled up to ``value``; drawn with attributes only, no styles."""
    arc = math.pi * 80
    share = 0.0
    if value is not None and maximum > minimum:
        share = min(1.0, max(0.0, (value - minimum) / (maximum - minimum)))
    return {
        "value": value,
        "minimum": minimum,
        "maximum": maximum,
        "tone": tone,
        "label": label,
        "filled": f"{arc * share:.1f}",
        "arc": f"{arc:.1f}",
    }
