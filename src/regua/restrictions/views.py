"""All listings, and the search in the top bar."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.integrations import throttle
from regua.parties.models import DOCUMENT_SHAPE
from regua.parties.selectors import customers_visible
from regua.parties.selectors import search as customers_search
from regua.restrictions import bulk, filters, selectors
from regua.restrictions.choices import AT_BUREAU, Status
from regua.restrictions.forms import RestrictionFilter
from regua.restrictions.ledger_views import sync_lines
from regua.restrictions.models import Restriction
from regua.web import keyset


@require_http_methods(["GET", "HEAD", "POST"])
def restriction_list(request: Request) -> HttpResponse:
    require(request.user, Permission.VIEW_RESTRICTIONS)
    form = RestrictionFilter(request.GET, branches=() if request.branch else request.branches)
    if request.method == "POST":
        visible = _in_branch(request, selectors.restrictions_visible(request.user))
        here = request.get_full_path()
        return bulk.ask_off(request, visible, here=here, place=("Todas", here))
    found, total = _narrow(request, form)
    page = keyset.paginate(found, ordering=("-pk",), cursor=request.GET.get("cursor"))
    waiting = {
        r.integration_id: r.branch.name
        for r in page
        if r.status in (Status.QUEUED, Status.REMOVAL_QUEUED)
    }
    holds = throttle.holds_of(list(waiting))
    context = {
        "form": form,
        "page": page,
        "total": total,
        "removal_reasons": bulk.reason_choices()
        if request.user.can(Permission.REQUEST_REMOVAL)
        and any(row.status in AT_BUREAU for row in page)
        else None,
        "holds": [(waiting[pk], hold) for pk, hold in holds.items()],
        "show_branch": not request.branch and len(request.branches) > 1,
        **sync_lines(request),
    }
    return render(request, "restrictions/restriction_list.html", context)


def _narrow(
    request: Request, form: RestrictionFilter
) -> tuple[QuerySet[Restriction], keyset.CappedCount]:
    actor, branch = request.user, request.branch or None
    rows = selectors.restrictions_visible(actor)
    text = form.chosen("q")
    if text:
        rows = selectors.search(rows, text, actor=actor)
    found, summed = filters.search(rows, form.listings, branch=branch, actor=actor)
    if text or summed is None:  # no total knows who was searched for
        return found, keyset.capped_count(found)
    return found, keyset.CappedCount(summed.count)


def _in_branch(request: Request, found: QuerySet[Restriction]) -> QuerySet[Restriction]:
    return found.filter(branch_id=request.branch.pk) if request.branch else found


@require_safe
def search(request: Request) -> HttpResponse:
    """Go straight to the one customer, listing or receivable meant; else to the customers found."""
    actor = request.user
    text = request.GET.get("q", "").replace("\x00", "").strip()[:120]
    if not text:
        return redirect("customer_list")
    whole = re.fullmatch(DOCUMENT_SHAPE, re.sub(r"[.\-/\s]", "", text).upper())
    if not whole:
        listing = selectors.with_protocol(selectors.restrictions_visible(actor), text).first()
        if listing is not None:
            return redirect("restriction_detail", listing.pk)
        debts = list(selectors.debts_numbered(text, actor=actor)[:2])
        if len(debts) == 1:
            page = reverse("customer_receivables", args=[debts[0].customer_id])
            return redirect(f"{page}?{urlencode({'titulo': debts[0].pk})}")
    customers = list(customers_search(customers_visible(actor), text).order_by("pk")[:2])
    if len(customers) == 1:
        return redirect("customer_detail", customers[0].pk)
    return redirect(f"{reverse('customer_list')}?{urlencode({'q': text})}")
