"""Letting a rule that fails pass for one debt, with a reason; and taking that back."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.compliance.forms import OverrideForm
from regua.compliance.models import RuleOverride
from regua.compliance.rules import BY_CODE
from regua.compliance.services import override_add, override_withdraw, why_no_override
from regua.receivables.models import Receivable
from regua.receivables.selectors import receivables_visible
from regua.web import formats
from regua.web.forms import add_errors
from regua.web.responses import next_page


def _back(request: Request, receivable: Receivable) -> str:
    debts = reverse("customer_receivables", args=[receivable.customer_id])
    return next_page(request, f"{debts}?titulo={receivable.pk}")


def _facts(receivable: Receivable) -> list[tuple[str, str]]:
    return [
        ("Cliente", receivable.customer.name),
        ("Título", receivable.number),
        (
            "Vencimento",
            f"{formats.day(receivable.due_date)}, {formats.ago(receivable.due_date)}",
        ),
        ("Em aberto", formats.brl(receivable.open_amount)),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def rule_override(request: Request, pk: int, code: str) -> HttpResponse:
    """``pk`` is the receivable's, ``code`` the rule's; ``?proximo=`` is where to go back to."""
    receivable = get_object_or_404(receivables_visible(request.user), pk=pk)
    require(request.user, Permission.OVERRIDE_RULE, branch_id=receivable.branch_id)
    rule = BY_CODE.get(code)
    if rule is None:
        raise Http404
    after = _back(request, receivable)
    if why_not := why_no_override(receivable, code):
        messages.warning(request, why_not)
        return redirect(after)
    form = OverrideForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            override_add(
                receivable=receivable,
                rule=code,
                actor=request.user,
                reason=form.cleaned_data["reason"],
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(
                request, f"Regra liberada para o título {receivable.number}: {rule.title}."
            )
            return redirect(after)
    context = {
        "receivable": receivable,
        "rule": rule,
        "form": form,
        "facts": _facts(receivable),
        "after": after,
    }
    return render(request, "compliance/rule_override.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def rule_override_withdraw(request: Request, pk: int) -> HttpResponse:
    override = get_object_or_404(
        RuleOverride.objects.select_related("actor", "receivable").filter(
            receivable__in=receivables_visible(request.user).order_by()
        ),
        pk=pk,
    )
    receivable = override.receivable
    require(request.user, Permission.OVERRIDE_RULE, branch_id=receivable.branch_id)
    after = _back(request, receivable)
    rule = BY_CODE.get(override.rule)
    title = rule.title if rule else override.rule
    if override.withdrawn_at:
        messages.info(request, "Esta liberação já tinha sido retirada. Nada mudou.")
        return redirect(after)
    if request.method == "POST":
        override_withdraw(override=override, actor=request.user)
        messages.success(
            request, f"Liberação retirada: a regra volta a valer para o título {receivable.number}."
        )
        return redirect(after)
    context = {
        "heading": "Retirar a liberação",
        "question": f"Fazer valer de novo para o título {receivable.number}: “{title}”?",
        "facts": [
            *_facts(receivable),
            ("Liberada por", f"{override.actor.name}, {formats.instant(override.at)}"),
            ("Por quê", override.reason),
        ],
        "confirm_label": "Retirar a liberação",
        "cancel_url": after,
        "receivable": receivable,
    }
    return render(request, "compliance/override_withdraw.html", context)
