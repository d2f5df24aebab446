"""How much one request may send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
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
        if _length(request) > LARGER.get(request.path, MAX_BODY):
            return render(request, "413.html", status=413)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        """A large file only from somebody who has signed in: the check of the form's token, which
        comes next, would read all of it."""
        if _length(request) > MAX_BODY and not request.user.is_authenticated:
            return redirect_to_login(request.path)
        return None


def _length(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length[:19]) if length.isdecimal() else 0
