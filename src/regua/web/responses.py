"""Small answers to htmx."""

from __future__ import annotations

from typing import TypeVar

from django.http import HttpResponse, HttpResponseBase
from django_htmx.http import trigger_client_event

R = TypeVar("R", bound=HttpResponseBase)


def toast(response: R, message: str, tone: str = "done") -> R:
    """Show ``message`` in a corner when this htmx response arrives (tones: ``status.Tone``)."""
    return trigger_client_event(response, "regua:toast", {"message": message, "tone": str(tone)})


def nothing_to_swap() -> HttpResponse:
    return HttpResponse(status=204)
