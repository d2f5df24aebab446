"""The lists of leads and of prospects."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.parties import selectors
from regua.parties.lead_panels import PotentialPanels, lead_panels, prospect_panels
from regua.parties.panels import allowed
from regua.web import keyset


@require_safe
def lead_list(request: Request) -> HttpResponse:
    words = {
        "title": "Leads",
        "noun": "leads",
        "one": "lead",
        "url_name": "lead_list",
        "none": "Nenhum lead ainda",
        "purpose": "Os leads são quem pode vir a ser cliente. Consulte o crédito antes de vender.",
    }
    return _list(request, selectors.leads_visible(request.user), lead_panels, words)


@require_safe
def prospect_list(request: Request) -> HttpResponse:
    words = {
        "title": "Prospecção",
        "noun": "prospecções",
        "one": "prospecção",
        "url_name": "prospect_list",
        "none": "Nenhuma prospecção ainda",
        "purpose": "As prospecções estão perto de virar clientes. Consulte o crédito antes de "
        "fechar o contrato.",
    }
    return _list(request, selectors.prospects_visible(request.user), prospect_panels, words)


def _list(
    request: Request, rows: QuerySet[Any], panels: PotentialPanels, words: dict[str, str]
) -> HttpResponse:
    actor = request.user
    require(actor, Permission.VIEW_PARTIES)
    text = request.GET.get("q", "").strip()[:120]
    if request.branch:
        rows = rows.filter(branch_id=request.branch.pk)
    rows = selectors.search(rows, text)
    page = keyset.paginate(rows, ordering=("search_name", "pk"), cursor=request.GET.get("cursor"))
    ids = [party.pk for party in page]
    columns = [column for column in panels.columns if allowed(actor, column.permission)]
    values = [column.values(ids, actor) if ids else {} for column in columns]
    actions = [action for action in panels.actions if allowed(actor, action.permission)]
    obstacles = {a.url_name: a.obstacle(actor) for a in actions if a.obstacle}
    shown = [
        {
            "party": party,
            "cells": [
                (column.kind, found.get(party.pk, ""))
                for column, found in zip(columns, values, strict=True)
            ],
            "actions": [
                {
                    "label": action.label,
                    "icon": action.icon,
                    "url": reverse(action.url_name, args=[party.pk]),
                    "obstacle": obstacles.get(action.url_name),
                }
                for action in actions
            ],
        }
        for party in page
    ]
    context = {
        "q": text,
        "page": page,
        "rows": shown,
        "columns": columns,
        "obstacles": [obstacle for obstacle in obstacles.values() if obstacle],
        "total": keyset.capped_count(rows),
        "show_branch": not request.branch and len(request.branches) > 1,
        "words": words,
    }
    return render(request, "parties/potential_list.html", context)
