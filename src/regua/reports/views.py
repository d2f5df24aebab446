"""The home page, the reports that there are, and what is common to their pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.reports import selectors, services
from regua.reports.catalogue import REPORTS


def home(request: Request) -> HttpResponse:
    """*Painel*: what needs attention, and where people left off."""
    actor, branch = request.user, request.branch or None
    context: dict[str, Any] = {
        "attention": selectors.attention(actor, branch),
        "restrictions": selectors.recent_restrictions(actor, branch),
        "inquiries": selectors.recent_inquiries(actor, branch),
        "integrations": selectors.troubled_integrations(actor, branch),
        "budgets": selectors.budgets_in_trouble(
            actor, [branch] if branch else list(request.branches)
        ),
        "unconfigured": selectors.branches_without_integration(actor, request.branches),
    }
    return render(request, "reports/home.html", context)


def report_list(request: Request) -> HttpResponse:
    """*Relatórios*: what there is to print and export."""
    actor = request.user
    context = {
        "reports": [report for report in REPORTS.values() if actor.can(report.permission)],
        "exports": actor.can(Permission.EXPORT_REPORTS),
    }
    return render(request, "reports/report_list.html", context)


@require_POST
def report_columns(request: Request, slug: str) -> HttpResponse:
    """Remember the columns chosen on a report's page and show it with them.

    Fields: ``columns`` (repeated; none, or ``usual``, for the usual ones) and ``next``, the page's
    address with its filters.
    """
    report = REPORTS.get(slug)
    if report is None:
        raise Http404
    require(request.user, report.permission)
    columns = [] if "usual" in request.POST else request.POST.getlist("columns")
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        return redirect("report_list")
    try:
        services.columns_choose(actor=request.user, report=report, columns=columns)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
        return redirect(back)
    chosen = urlencode({"colunas": columns}, doseq=True)
    return redirect(f"{back}{'&' if '?' in back else '?'}{chosen}" if chosen else back)
