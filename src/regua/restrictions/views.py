"""All listings, those that must come off, and the search in the top bar."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.parties.models import DOCUMENT_SHAPE
from regua.parties.selectors import customers_visible
from regua.parties.selectors import search as customers_search
from regua.receivables.selectors import receivables_visible
from regua.restrictions import selectors
from regua.restrictions.choices import AT_BUREAU, LIVE, RemovalReason
from regua.restrictions.forms import CONTESTED, LIVE_ONES, UNSETTLED, RestrictionFilter
from regua.restrictions.models import Restriction
from regua.restrictions.services import removal_request
from regua.web import formats, keyset

AT_ONCE = 200
"""The most listings that one click may ask to remove."""


@require_safe
def restriction_list(request: Request) -> HttpResponse:
    require(request.user, Permission.VIEW_RESTRICTIONS)
    form = RestrictionFilter(request.GET, branches=() if request.branch else request.branches)
    found = _narrow(request, form)
    page = keyset.paginate(found, ordering=("-pk",), cursor=request.GET.get("cursor"))
    context = {
        "form": form,
        "page": page,
        "total": keyset.capped_count(found),
        "show_branch": not request.branch and len(request.branches) > 1,
    }
    return render(request, "restrictions/restriction_list.html", context)


def _narrow(request: Request, form: RestrictionFilter) -> QuerySet[Restriction]:
    found = _in_branch(request, selectors.restrictions_visible(request.user))
    found = selectors.search(found, form.chosen("q"), actor=request.user)
    match form.chosen("situacao"):
        case "":
            pass
        case chosen if chosen == LIVE_ONES:
            found = found.filter(status__in=LIVE)
        case chosen if chosen == UNSETTLED:
            found = selectors.unsettled(found)
        case chosen if chosen == CONTESTED:
            found = selectors.contested(found)
        case status:
            found = found.filter(status=status)
    if branch := form.chosen("filial"):
        found = found.filter(branch_id=int(branch))
    if way := form.chosen("forma"):
        found = found.filter(form=way)
    if since := form.chosen("de"):
        found = found.filter(requested_at__gte=_midnight(since))
    if until := form.chosen("ate"):
        found = found.filter(requested_at__lt=_midnight(until + timedelta(days=1)))
    return found


def _in_branch(request: Request, found: QuerySet[Restriction]) -> QuerySet[Restriction]:
    return found.filter(branch_id=request.branch.pk) if request.branch else found


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


@require_http_methods(["GET", "HEAD", "POST"])
def overdue_removals(request: Request) -> HttpResponse:
    """Live listings whose debt is no longer owed; here they are asked off, many at once."""
    actor = request.user
    require(actor, Permission.VIEW_RESTRICTIONS)
    found = _in_branch(request, selectors.paid_and_listed(actor))
    if request.method == "POST":
        require(actor, Permission.REQUEST_REMOVAL)
        return _ask_off(request, found)
    page = keyset.paginate(found, ordering=("paid_on", "pk"), cursor=request.GET.get("cursor"))
    context = {
        "page": page,
        "total": keyset.capped_count(found),
        "rows": [
            {"restriction": r, "ready": r.status in AT_BUREAU, "why": selectors.why_no_removal(r)}
            for r in page
        ],
        "some_ready": any(r.status in AT_BUREAU for r in page),
        "can_remove": actor.can(Permission.REQUEST_REMOVAL),
        "show_branch": not request.branch and len(request.branches) > 1,
    }
    return render(request, "restrictions/overdue_removals.html", context)


def _ask_off(request: Request, found: QuerySet[Restriction]) -> HttpResponse:
    keys = [int(k) for k in request.POST.getlist("pk") if re.fullmatch(r"[0-9]{1,18}", k)]
    rows = list(found.filter(pk__in=keys[:AT_ONCE], status__in=AT_BUREAU).order_by("pk"))
    here = reverse("restriction_overdue_removals")
    if not rows:
        messages.warning(request, "Nada foi pedido: marque ao menos uma negativação da lista.")
        return redirect(here)
    if request.POST.get("confirmado") != "sim":
        return render(request, "restrictions/overdue_confirm.html", _preview(rows, here))
    done, failures = 0, []
    for row in rows:
        try:
            removal_request(
                restriction=row,
                actor=request.user,
                reason=selectors.likely_reason(row.receivable),
            )
            done += 1
        except (ValidationError, PermissionDenied) as error:
            said = " ".join(error.messages if isinstance(error, ValidationError) else [str(error)])
            failures.append(f"Negativação nº {row.pk}, {row.customer.name}: {said}")
    if done:
        messages.success(request, f"Baixa pedida para {_listings(done)}.")
    for failure in failures:
        messages.error(request, failure)
    return redirect(here)


def _preview(rows: list[Restriction], here: str) -> dict[str, Any]:
    total = sum(row.amount for row in rows)
    reasons: dict[str, int] = {}
    for row in rows:
        reason = selectors.likely_reason(row.receivable)
        label = RemovalReason(reason).label if reason else "Sem motivo"
        reasons[label] = reasons.get(label, 0) + 1
    return {
        "rows": rows,
        "heading": f"Pedir a baixa de {_listings(len(rows))}?",
        "question": "O birô vai tirar esta dívida do nome do cliente."
        if len(rows) == 1
        else "O birô vai tirar estas dívidas do nome dos clientes.",
        "facts": [
            ("Negativações", formats.number(len(rows))),
            ("Valor negativado", formats.brl(total)),
            ("Motivo", "; ".join(f"{label}: {count}" for label, count in reasons.items())),
        ],
        "confirm_label": f"Pedir a baixa de {_listings(len(rows))}",
        "cancel_url": here,
        "tone": "primary",
    }


def _listings(number: int) -> str:
    return "1 negativação" if number == 1 else f"{formats.number(number)} negativações"


@require_safe
def search(request: Request) -> HttpResponse:
    """Go straight to the one customer, listing or receivable meant; else to the customers found."""
    actor = request.user
    text = request.GET.get("q", "").replace("\x00", "").strip()[:120]
    if not text:
        return redirect("customer_list")
    whole = re.fullmatch(DOCUMENT_SHAPE, re.sub(r"[.\-/\s]", "", text).upper())
    if not whole:
        listing = selectors.restrictions_visible(actor).filter(protocol=text).first()
        if listing is not None:
            return redirect("restriction_detail", listing.pk)
        debts = list(receivables_visible(actor).filter(our_number=text)[:2])
        if len(debts) == 1:
            page = reverse("customer_receivables", args=[debts[0].customer_id])
            return redirect(f"{page}?{urlencode({'titulo': debts[0].pk})}")
    customers = list(customers_search(customers_visible(actor), text).order_by("pk")[:2])
    if len(customers) == 1:
        return redirect("customer_detail", customers[0].pk)
    return redirect(f"{reverse('customer_list')}?{urlencode({'q': text})}")
