"""What the shell around every page needs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

import regua
from regua.web import navigation


class Shell:
    """Built when a template asks, so that fragments for htmx pay nothing."""

    version = regua.__version__

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def sections(self) -> list[navigation.Section]:
        return navigation.build(getattr(self._request, "user", None), self._request.path)

    @property
    def search_url(self) -> str:
        return navigation.url_of("search")

    @property
    def home_url(self) -> str:
        return navigation.url_of("home") or "/"

    @property
    def sign_out_url(self) -> str:
        return navigation.url_of("sign_out", "logout")

    @property
    def profile_url(self) -> str:
        return navigation.url_of("profile")

    @property
    def branch_switch_url(self) -> str:
        return navigation.url_of("branch_switch")

    @property
    def branches(self) -> Any:
        """Set ``request.branches`` (an iterable) in a middleware to show the switcher."""
        return getattr(self._request, "branches", ())

    @property
    def branch(self) -> Any:
        """``request.branch``: the one chosen, or ``None`` for all."""
        return getattr(self._request, "branch", None)

    @property
    def debug(self) -> bool:
        return settings.DEBUG


def shell(request: HttpRequest) -> dict[str, Any]:
    return {"shell": Shell(request)}
