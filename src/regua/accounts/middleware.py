"""The branch that a person works in, chosen in the top bar and kept in the session."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from regua.accounts.requests import Request
from regua.accounts.selectors import branches_visible
from regua.organization.models import Branch

SESSION_KEY = "branch"


class BranchMiddleware:
    """Sets ``request.branches`` (those the person sees) and ``request.branch`` (or None: all)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        lazily = cast(Request, request)
        lazily.branches = SimpleLazyObject(lambda: _branches(lazily))  # type: ignore[assignment]
        lazily.branch = SimpleLazyObject(lambda: _chosen(lazily))  # type: ignore[assignment]
        return self.get_response(request)


def _branches(request: Request) -> list[Branch]:
    if not request.user.is_authenticated:
        return []
    return list(branches_visible(request.user))


def _chosen(request: Request) -> Branch | None:
    chosen = request.session.get(SESSION_KEY)
    return next((b for b in request.branches if b.pk == chosen), None)
