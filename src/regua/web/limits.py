"""How much one request may send."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

LARGER: dict[str, int] = {}
"""Path → bytes, where larger files are taken; an app registers its own in ``ready``."""
MAX_BODY = 12 * 1024 * 1024
"""Bytes: the largest file that is taken (10 MB) with its form around it."""


class BodyLimitMiddleware:
    """Refuse a larger body before anything reads it: Django would write it to the disk whole."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length[:19]) > LARGER.get(request.path, MAX_BODY):
            return render(request, "413.html", status=413)
        return self.get_response(request)
