"""The calls made to a bureau about one thing, redacted."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.integrations.selectors import calls_about

SHOWN = 30
"""How many calls are shown, the newest."""


@never_cache
@require_safe
def bureau_calls(request: Request, subject: str) -> HttpResponse:
    """``subject`` is as in ``BureauCall``; of another branch's calls this person sees none."""
    if not request.user.can(Permission.VIEW_BUREAU_CALLS):
        raise Http404
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


def _pretty(value: Any) -> str:
    return "" if value in (None, "", {}) else json.dumps(value, indent=2, ensure_ascii=False)
