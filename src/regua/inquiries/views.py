"""*Central de consultas (CPF e CNPJ)*."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.inquiries import reading
from regua.inquiries.asking import ask, offer_for
from regua.inquiries.filters import InquiryFilter
from regua.inquiries.forms import InquiryForm
from regua.inquiries.models import Inquiry
from regua.inquiries.policy.wording import outcome_status
from regua.inquiries.selectors import inquiries_visible
from regua.inquiries.services import inquiry_reuse
from regua.integrations.selectors import branches_ready
from regua.web import keyset


def inquiry_list(request: Request) -> HttpResponse:
    """The form on top, what was asked below."""
    actor = request.user
    require(actor, Permission.VIEW_INQUIRIES)
    context: dict[str, Any] = {"asks": actor.can(Permission.REQUEST_INQUIRY)}
    if request.method == "POST":
        require(actor, Permission.REQUEST_INQUIRY)
    if context["asks"]:
        form = _form(request)
        answer = answer_asking(request, form)
        if answer:
            return answer
        context |= {"form": form, "offer": offer_for(form, actor=actor)}
    return render(request, "inquiries/inquiry_list.html", context | _history(request))


def answer_asking(request: Request, form: InquiryForm, **party: Any) -> HttpResponse | None:
    """What a posted form leads to: the new inquiry's page, or only its options.

    The options (products, price, an earlier answer) are posted for too, so that documents stay out
    of addresses. None where the form's own page is to be shown.
    """
    if request.method != "POST":
        return None
    if "options" not in request.POST:
        inquiry = ask(form, actor=request.user, **party)
        return redirect("inquiry_detail", inquiry.pk) if inquiry else None
    if not request.htmx:
        return None
    context = {"form": form, "offer": offer_for(form, actor=request.user)}
    return render(request, "inquiries/_options.html", context)


@require_POST
def inquiry_use(request: Request, pk: int) -> HttpResponse:
    """*Usar esta consulta*: nothing is asked, who used it and for what is kept."""
    inquiry = get_object_or_404(
        inquiries_visible(request.user).exclude(status=Inquiry.Status.REFUSED), pk=pk
    )
    inquiry_reuse(inquiry=inquiry, actor=request.user, purpose=request.POST.get("purpose", ""))
    messages.success(request, "Nada foi consultado nem cobrado: esta é a consulta já feita.")
    return redirect("inquiry_detail", inquiry.pk)


def _form(request: Request) -> InquiryForm:
    """The form for any document; the branch is asked for only where it is in doubt."""
    branches = request.branches
    branch = request.branch or (branches[0] if len(branches) == 1 else None)
    initial = {}
    if not branch:
        ready = branches_ready(b.pk for b in branches)
        initial["branch"] = next((b.pk for b in branches if b.pk in ready), None)
    data = request.POST if request.method == "POST" else None
    return InquiryForm(data, branches=branches, branch=branch, initial=initial)


def _history(request: Request) -> dict[str, Any]:
    rows = inquiries_visible(request.user)
    filters = InquiryFilter(
        request.GET, actor=request.user, branches=request.branches, branch=request.branch or None
    )
    rows, totals = filters.search(rows, request.user)
    page = keyset.paginate(
        rows, ordering=("-requested_at", "-pk"), cursor=request.GET.get("cursor")
    )
    return {
        "filters": filters,
        "page": with_statuses(page),
        "total": keyset.CappedCount(totals.count),
        "totals": totals,
        "show_branch": not request.branch and len(request.branches) > 1,
    }


def with_statuses(page: keyset.KeysetPage[Any]) -> keyset.KeysetPage[Any]:
    """Give each inquiry of a page what its row shows besides its columns."""
    for inquiry in page:
        inquiry.shown_status = (
            outcome_status(inquiry.outcome) if inquiry.outcome else reading.status_of(inquiry)
        )
        inquiry.score_tone = reading.score_tone(inquiry.score, inquiry.band)
    return page
