"""*Relatório de Contas a Receber › aba Prazos de baixa descumpridos*."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.requests import Request
from regua.integrations.filters import OutgoingFilter
from regua.reports.breaches import REPORT, SITUATIONS, in_words, narrow
from regua.reports.kept import in_force
from regua.reports.page import page_of
from regua.restrictions.choices import DutyCause
from regua.restrictions.selectors import duties_visible
from regua.web import formats


class BreachFilter(OutgoingFilter):
    field_order = ("branch", "since", "until", "cause", "situation")

    cause = django_forms.ChoiceField(
        label="Motivo", required=False, choices=[("", "Todos"), *DutyCause.choices]
    )
    situation = django_forms.ChoiceField(
        label="Situação", required=False, choices=[("", "Todas"), *SITUATIONS]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, people=User.objects.none(), **kwargs)
        del self.fields["integration"], self.fields["requested_by"]
        self.fields["since"].label = "Prazo desde"
        self.fields["until"].label = "Prazo até"


@require_safe
def report_breaches(request: Request) -> HttpResponse:
    """Every breach, whenever it was: there should be none, so no month is the usual one."""
    actor = request.user
    require(actor, REPORT.permission)
    filters = BreachFilter(request.GET, branches=request.branches, branch=request.branch or None)
    rows = narrow(duties_visible(actor), in_force(filters))
    count = rows.count()
    context = page_of(REPORT, request, filters, rows, count)
    context |= {
        "usual": not filters.chosen,
        "about": in_words(in_force(filters)),
        "counted": f"{formats.number(count)} {'prazo' if count == 1 else 'prazos'}",
    }
    return render(request, "reports/report_breaches.html", context)
