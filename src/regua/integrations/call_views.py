"""The calls made to a bureau, redacted: about one thing, and all of an integration."""

from __future__ import annotations

import json
from typing import Any

from django import forms as django_forms
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.integrations.catalogue_views import integration_frame
from regua.integrations.choices import CallOutcome, CallPurpose
from regua.integrations.models import BureauCall
from regua.integrations.selectors import calls_about, calls_of, integrations_visible
from regua.web import formats, forms, keyset
from regua.web.status import Icon, Status, Tone

ANSWERED = Status("Respondida", Tone.DONE, Icon("circle-check"))
REFUSED = Status("Recusada", Tone.REFUSED, Icon("circle-x"))
FAILED = Status("Sem resposta", Tone.ACTIVE, Icon("plug-connected-x"))
PENDING = Status("Em aberto", Tone.QUEUED, Icon("clock"))
_PAGES = {"inquiry": "inquiry_detail", "restriction": "restriction_detail"}
"""Whose page a call's subject has; the apps above keep these names."""
_NOUNS = {"inquiry": "Consulta", "restriction": "Negativação"}
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
        "calls": [_with_bodies(call) for call in newest[:SHOWN]],
    }
    return render(request, "integrations/calls.html", context)


class CallFilter(forms.Form):
    """How the record of calls is narrowed; what cannot be read is said and ignored."""

    since = forms.DateField(label="De", required=False)
    until = forms.DateField(label="Até", required=False)
    purpose = django_forms.ChoiceField(
        label="Para quê", required=False, choices=[("", "Tudo"), *CallPurpose.choices]
    )
    outcome = django_forms.ChoiceField(
        label="Resultado",
        required=False,
        choices=[
            ("", "Todos"),
            ("answered", "Respondida"),
            ("refused", "Recusada"),
            ("failed", "Sem resposta"),
            ("pending", "Em aberto"),
        ],
    )

    def narrow(self, rows: QuerySet[BureauCall]) -> QuerySet[BureauCall]:
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value}
        if since := chosen.get("since"):
            rows = rows.filter(started_at__gte=formats.day_start(since))
        if until := chosen.get("until"):
            rows = rows.filter(started_at__lt=formats.day_end(until))
        if purpose := chosen.get("purpose"):
            rows = rows.filter(purpose=purpose)
        match chosen.get("outcome"):
            case "answered":
                rows = rows.filter(outcome=CallOutcome.ANSWERED, http_status__lt=400)
            case "refused":
                rows = rows.filter(outcome=CallOutcome.ANSWERED, http_status__gte=400)
            case str() as outcome:
                rows = rows.filter(outcome=outcome)
        return rows

    @property
    def narrowed(self) -> bool:
        return any(self.data.get(name) for name in self.fields)


@never_cache
@require_safe
def integration_calls(request: Request, pk: int) -> HttpResponse:
    """*Registro de chamadas*: what was asked of the bureau, when, for whom, and what came back."""
    actor = request.user
    if not (actor.can(Permission.VIEW_BUREAU_CALLS) and actor.can(Permission.VIEW_INTEGRATIONS)):
        raise Http404
    integration = get_object_or_404(integrations_visible(actor), pk=pk)
    form = CallFilter(request.GET)
    rows = form.narrow(calls_of(integration, actor=actor))
    page = keyset.paginate(rows, ordering=("-started_at", "-pk"), cursor=request.GET.get("cursor"))
    context = integration_frame(integration, "integration_calls") | {
        "form": form,
        "page": page,
        "lines": [_with_bodies(call) | _line(call) for call in page],
        "total": keyset.capped_count(rows),
    }
    return render(request, "integrations/integration_calls.html", context)


def _with_bodies(call: BureauCall) -> dict[str, Any]:
    return {"call": call, "request": _pretty(call.request), "response": _pretty(call.response)}


def _line(call: BureauCall) -> dict[str, Any]:
    """What a call's row shows besides its columns."""
    kind, _, number = call.subject.partition(":")
    linked = kind in _PAGES and number.isdigit()
    return {
        "status": _status(call),
        "purpose": dict(CallPurpose.choices).get(call.purpose, call.purpose),
        "about": f"{_NOUNS[kind]} nº {number}" if linked else "",
        "url": reverse(_PAGES[kind], args=[int(number)]) if linked else "",
    }


def _status(call: BureauCall) -> Status:
    match call.outcome:
        case CallOutcome.PENDING:
            return PENDING
        case CallOutcome.FAILED:
            return FAILED
        case _:
            return REFUSED if (call.http_status or 0) >= 400 else ANSWERED


def _pretty(value: Any) -> str:
    return "" if value in (None, "", {}) else json.dumps(value, indent=2, ensure_ascii=False)
