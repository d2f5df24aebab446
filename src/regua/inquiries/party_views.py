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
from regua.inquiries.selectors import customer_inquiries as inquiries_of
from regua.inquiries.views import answer_asking, with_statuses
from regua.integrations.switch import switched_off
from regua.parties.models import Customer, Lead, Prospect
from regua.parties.panels import customer_page
from regua.parties.selectors import customers_visible, leads_visible, prospects_visible
from regua.web import keyset


@require_safe
def customer_inquiries(request: Request, pk: int) -> HttpResponse:
    """The tab *Consultas* of the customer."""
    context = customer_page(request, pk, tab="customer_inquiries")
    require(request.user, Permission.VIEW_INQUIRIES)
    rows = inquiries_of(context["customer"], actor=request.user)
    page = keyset.paginate(
        rows, ordering=("-requested_at", "-pk"), cursor=request.GET.get("cursor")
    )
    context |= {
        "page": with_statuses(page),
        "total": keyset.capped_count(rows),
        "asks": not page.items
        and request.user.can(Permission.REQUEST_INQUIRY)
        and not switched_off(request.user),
    }
    return render(request, "inquiries/customer_inquiries.html", context)


def customer_ask(request: Request, pk: int) -> HttpResponse:
    customer = get_object_or_404(customers_visible(request.user), pk=pk)
    back = reverse("customer_detail", args=[customer.pk])
    crumbs = ("Cadastros", "Clientes", "customer_list")
    return _ask(request, customer, "customer", back=back, crumbs=crumbs)


def lead_ask(request: Request, pk: int) -> HttpResponse:
    lead = get_object_or_404(leads_visible(request.user), pk=pk)
    return _ask(
        request, lead, "lead", back=reverse("lead_list"), crumbs=("CRM", "Leads", "lead_list")
    )


def prospect_ask(request: Request, pk: int) -> HttpResponse:
    prospect = get_object_or_404(prospects_visible(request.user), pk=pk)
    crumbs = ("CRM", "Prospecção", "prospect_list")
    return _ask(request, prospect, "prospect", back=reverse("prospect_list"), crumbs=crumbs)


def _ask(
    request: Request,
    party: Customer | Lead | Prospect,
    kind: str,
    *,
    back: str,
    crumbs: tuple[str, str, str],
) -> HttpResponse:
    require(request.user, Permission.REQUEST_INQUIRY, branch_id=party.branch_id)
    form = InquiryForm(
        request.POST if request.method == "POST" else None,
        branches=[],
        branch=party.branch,
        document=party.document,
    )
    named: dict[str, Any] = {kind: party}
    if answer := answer_asking(request, form, **named):
        return answer
    context = {
        "party": party,
        "kind": kind,
        "form": form,
        "offer": offer_for(form, actor=request.user),
        "back": back,
        "crumbs": crumbs,
    }
    return render(request, "inquiries/party_ask.html", context)
