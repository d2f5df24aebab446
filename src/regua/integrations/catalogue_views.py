"""Tabs *Motivos* and *Histórico* of an integration: what its bureau's codes mean and meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.bureaus import registry
from regua.integrations.choices import CatalogueKind, ChangeKind, CodeKind, PersonKind, Reason
from regua.integrations.filters import HistoryFilter
from regua.integrations.forms import ReasonsForm
from regua.integrations.models import CatalogueChange, Integration
from regua.integrations.selectors import catalogue_changes, integrations_visible, reason_codes_of
from regua.integrations.services import reasons_map
from regua.web import formats, keyset
from regua.web.forms import add_errors
from regua.web.status import Icon, Status, Tone

CHANGES = {
    ChangeKind.CAME: Status("Novo", Tone.DONE, Icon("plus")),
    ChangeKind.CHANGED: Status("Mudou", Tone.NOTICE, Icon("pencil")),
    ChangeKind.GONE: Status("Saiu", Tone.REFUSED, Icon("circle-minus")),
    ChangeKind.BACK: Status("Voltou", Tone.SENT, Icon("arrow-back-up")),
    ChangeKind.MAPPED: Status("Motivo", Tone.REMOVAL, Icon("arrows-exchange")),
}
_LABELS = {
    "name": "Nome",
    "price": "Preço",
    "person_kind": "Para",
    "bureau_only": "Só o birô usa",
    "reason": "Nosso motivo",
}


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A ``CatalogueChange`` in words."""

    change: CatalogueChange
    status: Status
    table: str
    name: str
    facts: list[str]
    """Where there was nothing before, or is nothing now: what the line says."""
    differences: list[tuple[str, str, str]]
    """Label, before, after."""


def change_lines(changes: Iterable[CatalogueChange]) -> list[ChangeLine]:
    lines = []
    for change in changes:
        before, after = change.before or {}, change.after or {}
        latest = after or before
        differences = []
        if before and after:
            differences = [
                (_LABELS[field], _said(field, before.get(field)), _said(field, value))
                for field, value in after.items()
                if before.get(field) != value
            ]
        lines.append(
            ChangeLine(
                change=change,
                status=CHANGES[ChangeKind(change.change)],
                table=CatalogueKind(change.kind).label,
                name=latest.get("name", ""),
                facts=[]
                if differences
                else [
                    _said(field, latest[field])
                    for field in ("price", "person_kind")
                    if field in latest
                ],
                differences=differences,
            )
        )
    return lines


def changes_counted(changes: Iterable[CatalogueChange]) -> str:
    """``2 novos, 1 mudou``, or '' where nothing did."""
    number = Counter(change.change for change in changes)
    words = [
        (ChangeKind.CAME, "1 novo", "{} novos"),
        (ChangeKind.CHANGED, "1 mudou", "{} mudaram"),
        (ChangeKind.GONE, "1 saiu", "{} saíram"),
        (ChangeKind.BACK, "1 voltou", "{} voltaram"),
    ]
    return ", ".join(
        one if number[kind] == 1 else many.format(number[kind])
        for kind, one, many in words
        if number[kind]
    )


def _said(field: str, value: Any) -> str:
    match field:
        case "price":
            return formats.brl(Decimal(value)) if value is not None else formats.EMPTY
        case "person_kind":
            return "CPF ou CNPJ" if value == PersonKind.ANY else PersonKind(value).label
        case "bureau_only":
            return "Sim" if value else "Não"
        case "reason":
            return Reason(value).label if value else "Nenhum"
    return str(value or formats.EMPTY)


def tabs(integration: Integration, active: str, *, actor: User) -> list[dict[str, Any]]:
    names = {
        "integration_detail": "Integração análise de crédito",
        "integration_reasons": "Motivos",
        "integration_history": "Histórico",
        "integration_calls": "Registro de chamadas",
    }
    if actor.can(Permission.VIEW_BUREAU_CALLS):
        names["integration_calls"] = "Registro de chamadas"
    return [
        {"label": label, "url": reverse(name, args=[integration.pk]), "active": name == active}
        for name, label in names.items()
    ]


def integration_reasons(request: Request, pk: int) -> HttpResponse:
    """Which neutral reason each of the bureau's removal codes stands for."""
    integration = integration_or_404(request, pk)
    manages = request.user.can(Permission.MANAGE_INTEGRATIONS)
    codes = [c for c in reason_codes_of(integration) if c.kind == CodeKind.REMOVAL]
    ours = [c for c in codes if not c.bureau_only and c.gone_at is None]
    if request.method == "POST":
        require(request.user, Permission.MANAGE_INTEGRATIONS, branch_id=integration.branch_id)
    form = ReasonsForm(request.POST or None, codes=ours, manages=manages)
    if form.is_bound and form.is_valid():
        try:
            number = reasons_map(integration=integration, actor=request.user, reasons=form.reasons)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _changed(number))
            return redirect("integration_reasons", integration.pk)
    for code in codes:
        code.shown_reason = _said("reason", code.reason)  # type: ignore[attr-defined]
    context = integration_page(request, integration, "integration_reasons") | {
        "form": form,
        "manages": manages,
        "bureau_only": [c for c in codes if c.bureau_only and c.gone_at is None],
        "gone": [c for c in codes if c.gone_at is not None],
    }
    return render(request, "integrations/integration_reasons.html", context)


def _changed(number: int) -> str:
    if not number:
        return "Nenhum motivo mudou."
    return "1 motivo gravado." if number == 1 else f"{number} motivos gravados."


def integration_history(request: Request, pk: int) -> HttpResponse:
    """Every change of prices, codes and reasons, newest first."""
    integration = integration_or_404(request, pk)
    form = HistoryFilter(request.GET)
    rows = catalogue_changes(integration)
    if table := form.chosen("tabela"):
        rows = rows.filter(kind=table)
    if code := form.chosen("codigo"):
        rows = rows.filter(code__iexact=code)
    page = keyset.paginate(rows, ordering=("-pk",), cursor=request.GET.get("cursor"))
    context = integration_page(request, integration, "integration_history") | {
        "form": form,
        "page": page,
        "lines": change_lines(page),
        "total": keyset.capped_count(rows),
    }
    return render(request, "integrations/integration_history.html", context)


def integration_or_404(request: Request, pk: int) -> Integration:
    if not request.user.can(Permission.VIEW_INTEGRATIONS):
        raise Http404
    return get_object_or_404(integrations_visible(request.user), pk=pk)


def integration_page(request: Request, integration: Integration, active: str) -> dict[str, Any]:
    """What ``integrations/integration_base.html`` draws."""
    return {
        "integration": integration,
        "provider_name": registry.name_of(integration.provider),
        "tabs": tabs(integration, active, actor=request.user),
    }
