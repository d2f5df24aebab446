"""The home page."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from regua.accounts.requests import Request
from regua.reports import selectors


def home(request: Request) -> HttpResponse:
    """*Painel*: what needs attention, and where people left off."""
    actor, branch = request.user, request.branch or None
    context: dict[str, Any] = {
        "attention": selectors.attention(actor, branch),
        "restrictions": selectors.recent_restrictions(actor, branch),
        "inquiries": selectors.recent_inquiries(actor, branch),
        "integrations": selectors.troubled_integrations(actor, branch),
        "unconfigured": selectors.branches_without_integration(actor, request.branches),
    }
    return render(request, "reports/home.html", context)


def report_list(request: Request) -> HttpResponse:
    """*Relatórios*: what there is to print and export."""
    return render(request, "reports/report_list.html")
