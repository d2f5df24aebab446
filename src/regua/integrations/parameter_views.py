"""The screen *Parâmetros gerais*, tab *Integrações*."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.integrations.parameter_forms import AnalysisForm, ListingForm
from regua.integrations.parameters import NAMES, parameter_changes, parameters_update
from regua.organization.models import GeneralParameters
from regua.web import formats
from regua.web.forms import add_errors

SHOWN = 10
"""How many of the last changes the page shows."""
LISTING_SECTION = "negativacao"
"""What the form of *Negativação* sends as ``secao``; each section is saved by itself."""


def parameters_general(request: Request) -> HttpResponse:
    """Everybody may see how the house works; who may change it, changes it."""
    manages = request.user.can(Permission.MANAGE_PARAMETERS)
    if not manages:
        require(request.user, Permission.VIEW_INTEGRATIONS)
    current = GeneralParameters.current()
    section = request.POST.get("secao", "") if request.method == "POST" else None
    form = AnalysisForm(
        None if section in (None, LISTING_SECTION) else request.POST,
        initial=AnalysisForm.initial_of(current),
    )
    listing = ListingForm(
        request.POST if section == LISTING_SECTION else None,
        initial=ListingForm.initial_of(current),
    )
    if not manages:
        for field in (*form.fields.values(), *listing.fields.values()):
            field.disabled = True
    if request.method == "POST":
        require(request.user, Permission.MANAGE_PARAMETERS)
        sent = listing if section == LISTING_SECTION else form
        if sent.is_valid():
            try:
                parameters_update(actor=request.user, **sent.cleaned_data)
            except ValidationError as error:
                add_errors(sent, error)
            else:
                messages.success(request, "Parâmetros gerais gravados.")
                return redirect("parameters_general")
    context = {
        "form": form,
        "listing": listing,
        "listing_section": LISTING_SECTION,
        "manages": manages,
        "changes": _changes(),
    }
    return render(request, "integrations/parameters.html", context)


def _changes() -> list[dict[str, Any]]:
    """The last changes in words."""
    labels = {
        name: GeneralParameters._meta.get_field(name).verbose_name  # type: ignore[union-attr]
        for name in NAMES
    }
    return [
        {
            "label": labels[change.name],
            "before": _said(change.name, change.before),
            "after": _said(change.name, change.after),
            "reason": change.reason,
            "actor": change.actor.name,
            "at": change.at,
        }
        for change in parameter_changes()[:SHOWN]
    ]


def _said(name: str, value: Any) -> str:
    match value:
        case None:
            return "vazio"
        case bool():
            return "Sim" if value else "Não"
        case _ if name.endswith("_percent"):
            return f"{formats.number(Decimal(value), 2)} %"
        case _ if name.endswith("_amount"):
            return formats.brl(value)
        case _ if name.endswith("_days"):
            return f"{value} dias"
        case _:
            return formats.number(value)
