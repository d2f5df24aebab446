"""The calls made to a bureau, redacted: about one thing, or through one integration."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.integrations.catalogue_views import integration_or_404, integration_page
from regua.integrations.choices import CallOutcome, Purpose
from regua.integrations.filters import CallFilter
from regua.integrations.models import BureauCall
from regua.integrations.selectors import calls_about, calls_of
from regua.integrations.subjects import Subject, named
from regua.web import keyset
from regua.web.status import Icon, Status, Tone

SHOWN = 30
"""How many calls are shown, the newest."""

ANSWERED = Status("Respondida", Tone.DONE, Icon("circle-check"))
REFUSED = Status("Recusada", Tone.REFUSED, Icon("circle-x"))
FAILED = Status("Sem resposta", Tone.ACTIVE, Icon("plug-connected-x"))
OPEN = Status("Em aberto", Tone.QUEUED, Icon("clock"))


def call_status(call: BureauCall) -> Status:
    match call.outcome:
        case CallOutcome.PENDING:
            return OPEN
        case CallOutcome.FAILED:
            return FAILED
    return REFUSED if (call.http_status or 0) >= 400 else ANSWERED


@never_cache
@require_safe
def bureau_calls(request: Request, subject: str) -> HttpResponse:
    """``subject`` is as in ``BureauCall``; of another branch's calls this person sees none."""
    _may(request)
    newest = list(calls_about(subject, actor=request.user).reverse()[: SHOWN + 1])
    context = {
        "more": len(newest) > SHOWN,
        "limit": SHOWN,
        "calls": [
            {"call": call, "request": _pretty(call.request), "response": _pretty(call.response)}
            for call in newest[:SHOWN]
        ],
    }
    return render(request, "integrations/calls.html", context)


@never_cache
@require_safe
def integration_calls(request: Request, pk: int) -> HttpResponse:
    """*Registro de chamadas*: every call through an integration, newest first."""
    _may(request)
    integration = integration_or_404(request, pk)
    form = CallFilter(request.GET)
    rows = form.narrow(calls_of(integration, actor=request.user))
    page = keyset.paginate(
        rows.defer("request", "response"),
        ordering=("-started_at", "-pk"),
        cursor=request.GET.get("cursor"),
    )
    context = integration_page(request, integration, "integration_calls") | {
        "form": form,
        "page": page,
        "lines": _lines(request, page.items),
        "total": keyset.capped_count(rows),
    }
    return render(request, "integrations/integration_calls.html", context)


@never_cache
@require_safe
def integration_call(request: Request, pk: int, call: int) -> HttpResponse:
    """One call: what was sent and what came back."""
    _may(request)
    integration = integration_or_404(request, pk)
    found = get_object_or_404(calls_of(integration, actor=request.user), pk=call)
    [line] = _lines(request, [found])
    context = integration_page(request, integration, "integration_calls") | line
    context |= {"request_body": _pretty(found.request), "response_body": _pretty(found.response)}
    return render(request, "integrations/integration_call.html", context)


def _may(request: Request) -> None:
    if not request.user.can(Permission.VIEW_BUREAU_CALLS):
        raise Http404


def _lines(request: Request, calls: list[BureauCall]) -> list[dict[str, Any]]:
    subjects = named((call.subject for call in calls), actor=request.user)
    words = dict(Purpose.choices)
    return [
        {
            "call": call,
            "purpose": words.get(call.purpose, call.purpose),
            "subject": subjects.get(call.subject) or Subject("A integração"),
            "who": call.actor.name if call.actor else "Sistema",
            "status": call_status(call),
        }
        for call in calls
    ]


def _pretty(value: Any) -> str:
    return "" if value in (None, "", {}) else json.dumps(value, indent=2, ensure_ascii=False)
