"""*Relatório de Contas a Receber › aba Consultas Análise de Crédito*."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.inquiries.filters import InquiryFilter
from regua.inquiries.selectors import inquiries_visible
from regua.inquiries.views import with_statuses
from regua.web import keyset


@require_safe
def report_inquiries(request: Request) -> HttpResponse:
    """Every inquiry of the period, how many and what they cost."""
    require(request.user, Permission.VIEW_INQUIRIES)
    filters = InquiryFilter(
        request.GET, actor=request.user, branches=request.branches, branch=request.branch or None
    )
    rows, totals = filters.search(inquiries_visible(request.user), request.user)
    page = keyset.paginate(
        rows, ordering=("-requested_at", "-pk"), cursor=request.GET.get("cursor")
    )
    context = {
        "filters": filters,
        "totals": totals,
        "total": keyset.CappedCount(totals.count),
        "page": with_statuses(page),
        "show_branch": not request.branch and len(request.branches) > 1,
    }
    return render(request, "reports/report_inquiries.html", context)
