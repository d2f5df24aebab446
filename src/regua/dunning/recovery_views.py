"""*Cobrança › Régua*: what the steps of a period brought and what they cost."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.dunning.recovery import SPREAD, recovery
from regua.dunning.run_forms import RecoveryFilter
from regua.dunning.run_wording import per_real
from regua.web import formats


@require_safe
def dunning_recovery(request: Request) -> HttpResponse:
    require(request.user, Permission.VIEW_DUNNING)
    branches = [request.branch] if request.branch else list(request.branches)
    today = timezone.localdate()
    form = RecoveryFilter(
        request.GET or None, branches=() if request.branch else branches, today=today
    )
    chosen = form.initial if not form.is_bound else form.cleaned_data if form.is_valid() else None
    figures = None
    if chosen is not None:
        if filial := chosen.get("filial"):
            branches = [branch for branch in branches if str(branch.pk) == filial]
        figures = recovery(
            branches, since=chosen["de"], until=chosen["ate"], window=chosen["prazo"]
        )
    context = {
        "form": form,
        "figures": figures,
        "rows": [(line, per_real(line.cost_per_real)) for line in figures.lines] if figures else [],
        "per_real": per_real(figures.cost_per_real) if figures else "",
        "spread": SPREAD,
        "chosen": chosen,
        "several": figures is not None and len({f.step.policy_id for f in figures.lines}) > 1,
        "cost_hint": f"{formats.brl(figures.cost)} em mensagens e negativações" if figures else "",
        "whole_until": today - timedelta(days=chosen["prazo"]) if chosen else None,
    }
    return render(request, "dunning/recovery.html", context)
