"""Leads and prospects: the lists, each one's page, and what they become."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from regua.accounts.access import NotAllowed, require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.parties import selectors
from regua.parties.forms import PotentialFilter, PotentialForm
from regua.parties.kinds import PROSPECT, Kind
from regua.parties.models import Customer, Lead, Prospect
from regua.parties.panels import allowed, party_page
from regua.parties.services import potential_create, potential_update
from regua.parties.views import data_groups
from regua.web import formats, keyset
from regua.web.forms import add_errors


@require_safe
def potential_list(request: Request, kind: Kind) -> HttpResponse:
    actor = request.user
    require(actor, Permission.VIEW_PARTIES)
    rows = kind.panels.visible(actor)
    if request.branch:
        rows = rows.filter(branch_id=request.branch.pk)
    form = PotentialFilter(request.GET)
    text, situation = form.chosen("q"), form.chosen("situacao")
    rows = selectors.search(rows, text)
    if situation != "todos":
        rows = rows.filter(converted_at__isnull=situation != "convertidos")
    page = keyset.paginate(rows, ordering=("search_name", "pk"), cursor=request.GET.get("cursor"))
    context = {
        **_table(request, kind, list(page)),
        "form": form,
        "narrowed": bool(text or situation),
        "page": page,
        "total": keyset.capped_count(rows),
        "kind": kind,
        "list_url": kind.url("list"),
        "new_url": kind.url("new") if actor.can(Permission.EDIT_POTENTIALS) else "",
    }
    return render(request, "parties/potential_list.html", context)


def _table(request: Request, kind: Kind, parties: list[Any]) -> dict[str, Any]:
    actor, panels = request.user, kind.panels
    ids = [party.pk for party in parties]
    columns = [column for column in panels.columns if allowed(actor, column.permission)]
    values = [column.values(ids, actor) if ids else {} for column in columns]
    actions = [action for action in panels.row_actions if allowed(actor, action.permission)]
    rows = [
        {
            "party": party,
            "url": kind.url("detail", party.pk),
            "cells": [
                (column.kind, found.get(party.pk, ""))
                for column, found in zip(columns, values, strict=True)
            ],
            "actions": [
                {
                    "label": action.label,
                    "icon": action.icon,
                    "url": reverse(action.url_name, args=[party.pk]),
                }
                for action in actions
            ],
        }
        for party in parties
    ]
    return {
        "rows": rows,
        "columns": columns,
        "show_branch": not request.branch and len(request.branches) > 1,
    }


@require_safe
def potential_detail(request: Request, pk: int, kind: Kind) -> HttpResponse:
    page = party_page(request, kind.panels, pk, tab=f"{kind.panels.kind}_detail")
    party = page["party"]
    may = request.user.can(Permission.EDIT_POTENTIALS) and not party.converted_at
    context = page | {
        "groups": data_groups(party, {}),
        "edit_url": kind.url("edit", party.pk) if may else "",
    }
    return render(request, "parties/potential_detail.html", context)


def potential_new(request: Request, kind: Kind) -> HttpResponse:
    require(request.user, Permission.EDIT_POTENTIALS)
    only = request.branch or (request.branches[0] if len(request.branches) == 1 else None)
    form = PotentialForm(
        request.POST or None, instance=kind.model(), branches=() if only else request.branches
    )
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        branch = fields.pop("branch", None) or only
        if branch is None:
            raise NotAllowed("Você não tem acesso a nenhuma filial ativa. Nada foi cadastrado.")
        try:
            party = potential_create(kind=kind.model, branch=branch, actor=request.user, **fields)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"{party.name} cadastrado.")
            return redirect(kind.url("detail", party.pk))
    context = {"form": form, "kind": kind, "title": kind.new, "back": kind.url("list")}
    return render(request, "parties/potential_edit.html", context)


def potential_edit(request: Request, pk: int, kind: Kind) -> HttpResponse:
    party = get_object_or_404(kind.panels.visible(request.user), pk=pk)
    require(request.user, Permission.EDIT_POTENTIALS, branch_id=party.branch_id)
    form = PotentialForm(request.POST or None, instance=party)
    if request.method == "POST" and form.is_valid():
        try:
            potential_update(party=party, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"Cadastro de {form.cleaned_data['name']} atualizado.")
            return redirect(kind.url("detail", party.pk))
    if form.errors:
        party.refresh_from_db()  # the form wrote on it what it refused
    back = kind.url("detail", party.pk)
    context = {"form": form, "kind": kind, "party": party, "title": "Editar cadastro", "back": back}
    return render(request, "parties/potential_edit.html", context)


def potential_convert(request: Request, pk: int, kind: Kind) -> HttpResponse:
    """Asks once more, saying what happens; the document that a customer needs is asked for."""
    party = get_object_or_404(kind.panels.visible(request.user), pk=pk)
    require(request.user, Permission.EDIT_POTENTIALS, branch_id=party.branch_id)
    if request.method == "POST":
        try:
            became = kind.convert(party, request.user)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect(kind.url("edit", party.pk))
        messages.success(request, f"{became.name} agora é {kind.becomes}, com o seu histórico.")
        return redirect(f"{became._meta.model_name}_detail", became.pk)
    facts = [
        ("CPF ou CNPJ", formats.document_masked(party.document) if party.document else ""),
        ("Filial", party.branch.name),
        ("Consultas", "Continuam à vista no cadastro novo."),
    ]
    if kind is PROSPECT and (existing := _existing(party)):
        facts.append(("Já é cliente", f"{existing.name}: será ligado a esse cadastro"))
    context = {
        "heading": f"Converter em {kind.becomes}",
        "question": f"Converter {party.name} em {kind.becomes}?",
        "facts": facts,
        "confirm_label": f"Converter em {kind.becomes}",
        "cancel_url": kind.url("detail", party.pk),
        "tone": "primary",
    }
    return render(request, "web/confirm.html", context)


def _existing(party: Lead | Prospect) -> Customer | None:
    if not party.document:
        return None
    return Customer.objects.filter(branch_id=party.branch_id, document=party.document).first()
