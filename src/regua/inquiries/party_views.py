"""Inquiries where the person is: the customer's page, the leads and the prospects."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.inquiries.asking import offer_for
from regua.inquiries.forms import InquiryForm
from regua.inquiries.selectors import inquiries_of
from regua.inquiries.views import answer_asking, with_statuses
from regua.parties.panels import PartyPanels, party_page
from regua.web import keyset


@require_safe
def party_inquiries(request: Request, pk: int, panels: PartyPanels) -> HttpResponse:
    """The tab *Consultas de análise de crédito*."""
    context = party_page(request, panels, pk, tab=f"{panels.kind}_inquiries")
    require(request.user, Permission.VIEW_INQUIRIES)
    rows = inquiries_of(context["party"], actor=request.user)
    page = keyset.paginate(
        rows, ordering=("-requested_at", "-pk"), cursor=request.GET.get("cursor")
    )
    context |= {
        "page": with_statuses(page),
        "total": keyset.capped_count(rows),
        "ask_url": reverse(f"{panels.kind}_ask", args=[pk])
        if request.user.can(Permission.REQUEST_INQUIRY)
        else "",
    }
    return render(request, "inquiries/party_inquiries.html", context)


def party_ask(request: Request, pk: int, panels: PartyPanels) -> HttpResponse:
    """*Consultar análise de crédito* of a customer, a lead or a prospect."""
    party = get_object_or_404(panels.visible(request.user), pk=pk)
    require(request.user, Permission.REQUEST_INQUIRY, branch_id=party.branch_id)
    form = InquiryForm(
        request.POST if request.method == "POST" else None,
        branches=[],
        branch=party.branch,
        document=party.document,
    )
    named: dict[str, Any] = {panels.kind: party}
    if answer := answer_asking(request, form, **named):
        return answer
    context = {
        "party": party,
        "panels": panels,
        "form": form,
        "offer": offer_for(form, actor=request.user),
        "back": reverse(f"{panels.kind}_detail", args=[party.pk]),
    }
    return render(request, "inquiries/party_ask.html", context)
