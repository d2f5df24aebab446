"""The customer's tab *Negativações de crédito*: what is listed, what was, and asking it off."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.parties.panels import customer_page
from regua.restrictions import bulk, selectors
from regua.restrictions.choices import FINAL, LIVE
from regua.restrictions.deadlines import deadlines_of
from regua.web import keyset


@require_http_methods(["GET", "HEAD", "POST"])
def customer_restrictions(request: Request, pk: int) -> HttpResponse:
    require(request.user, Permission.VIEW_RESTRICTIONS)
    page = customer_page(request, pk, tab="customer_restrictions")
    found = selectors.restrictions_visible(request.user).filter(customer=page["customer"])
    if request.method == "POST":
        here = reverse("customer_restrictions", args=[pk])
        return bulk.ask_off(request, found, here=here, place=(page["customer"].name, here))
    live: list[Any] = list(found.filter(status__in=LIVE).order_by("-pk")[: bulk.AT_ONCE])
    running = deadlines_of([row.pk for row in live])
    for row in live:
        row.deadline = running.get(row.pk)
    ended = found.filter(status__in=FINAL)
    can_remove = request.user.can(Permission.REQUEST_REMOVAL)
    context = {
        **page,
        "live": live,
        "removal_reasons": bulk.reason_choices()
        if can_remove and any(row.can_come_off for row in live)
        else None,
        "page": keyset.paginate(
            ended, ordering=("-pk",), cursor=request.GET.get("cursor"), page_size=25
        ),
        "total": keyset.capped_count(ended),
    }
    return render(request, "restrictions/customer_restrictions.html", context)
