"""Small answers to htmx, and where a person goes once done."""

from __future__ import annotations

from typing import TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import trigger_client_event

R = TypeVar("R", bound=HttpResponseBase)


def toast(response: R, message: str, tone: str = "done") -> R:
    """Show ``message`` in a corner when this htmx response arrives (tones: ``status.Tone``)."""
    return trigger_client_event(response, "regua:toast", {"message": message, "tone": str(tone)})


def nothing_to_swap() -> HttpResponse:
    return HttpResponse(status=204)


def next_page(request: HttpRequest, default: str) -> str:
    """Where to go once done: a page of ours named in ``proximo``, else ``default``."""
    target = request.POST.get("proximo") or request.GET.get("proximo") or ""
    if url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        return target
    return default
