"""Writing a draft: its rules, their order, and putting it in force or throwing it away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.inquiries.choices import PolicyStatus
from regua.inquiries.policy import selectors, services
from regua.inquiries.policy.forms import ActivationForm, RuleForm
from regua.inquiries.policy.models import CreditPolicy, PolicyRule
from regua.inquiries.policy.views import branch_or_404, chosen_period, policy_or_404, simulate
from regua.inquiries.policy.wording import rule_sentence
from regua.web import formats
from regua.web.forms import add_errors


@require_POST
def policy_draft_open(request: Request, pk: int) -> HttpResponse:
    """Begin the branch's draft, or go on with it."""
    draft = services.policy_draft(branch=branch_or_404(request, pk), actor=request.user)
    return redirect("policy_detail", draft.pk)


@require_POST
def policy_discard(request: Request, pk: int) -> HttpResponse:
    policy = policy_or_404(request, pk)
    if _done(request, lambda: services.policy_discard(policy=policy, actor=request.user)):
        messages.success(request, f"Rascunho da {policy} descartado.")
    return redirect("policy_branch", policy.branch_id)


@require_http_methods(["GET", "HEAD", "POST"])
def rule_new(request: Request, pk: int) -> HttpResponse:
    return _rule_form(request, policy_or_404(request, pk), None)


@require_http_methods(["GET", "HEAD", "POST"])
def rule_edit(request: Request, pk: int) -> HttpResponse:
    rule = _rule_or_404(request, pk)
    return _rule_form(request, rule.policy, rule)


def _rule_form(request: Request, policy: CreditPolicy, rule: PolicyRule | None) -> HttpResponse:
    require(request.user, Permission.MANAGE_CREDIT_POLICY, branch_id=policy.branch_id)
    if policy.status != PolicyStatus.DRAFT:
        messages.warning(
            request, f"A {policy} já não é rascunho: as regras dela não mudam mais. Nada mudou."
        )
        return redirect("policy_detail", policy.pk)
    form = RuleForm(request.POST if request.method == "POST" else None, rule=rule)
    if form.is_valid():
        try:
            saved = services.rule_save(
                policy=policy, actor=request.user, rule=rule, **form.cleaned_data
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, f"Regra gravada: {rule_sentence(saved)}.")
            return redirect("policy_detail", policy.pk)
    context = {"form": form, "policy": policy, "branch": policy.branch, "rule": rule}
    return render(request, "inquiries/policy/rule_form.html", context)


@require_POST
def rule_move(request: Request, pk: int) -> HttpResponse:
    """One place up or down; the focus stays on the button that was pressed."""
    rule = _rule_or_404(request, pk)
    up = request.POST.get("para") == "cima"
    _done(request, lambda: services.rule_move(rule=rule, actor=request.user, up=up))
    return redirect(reverse("policy_detail", args=[rule.policy_id]) + f"#regra-{rule.pk}")


@require_POST
def rule_delete(request: Request, pk: int) -> HttpResponse:
    rule = _rule_or_404(request, pk)
    if _done(request, lambda: services.rule_delete(rule=rule, actor=request.user)):
        messages.success(request, f"Regra excluída: {rule_sentence(rule)}.")
    return redirect("policy_detail", rule.policy_id)


@require_http_methods(["GET", "HEAD", "POST"])
def policy_activate(request: Request, pk: int) -> HttpResponse:
    """The last question before a draft decides: what it is and what it would have changed."""
    policy = policy_or_404(request, pk)
    require(request.user, Permission.MANAGE_CREDIT_POLICY, branch_id=policy.branch_id)
    if policy.status != PolicyStatus.DRAFT:
        messages.warning(request, f"A {policy} já não é rascunho. Nada mudou.")
        return redirect("policy_branch", policy.branch_id)
    form = ActivationForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        note = form.cleaned_data["note"]
        if _done(
            request,
            lambda: services.policy_activate(policy=policy, actor=request.user, note=note),
        ):
            messages.success(
                request,
                f"A {policy} está em vigor na filial {policy.branch} e decide as consultas "
                "respondidas a partir de agora.",
            )
            return redirect("policy_branch", policy.branch_id)
        return redirect("policy_detail", policy.pk)
    return render(
        request, "inquiries/policy/policy_activate.html", _question(request, policy, form)
    )


def _question(request: Request, policy: CreditPolicy, form: ActivationForm) -> dict[str, Any]:
    days = chosen_period(request)
    simulation = simulate(request, policy, days)
    replaces = selectors.policy_in_force(policy.branch_id)
    return {
        "form": form,
        "policy": policy,
        "branch": policy.branch,
        "heading": f"Ativar a {policy}",
        "question": f"Pôr a {policy} em vigor na filial {policy.branch}?",
        "facts": [
            ("Substitui", f"Versão {replaces.version}" if replaces else "Nenhuma"),
            ("Regras", formats.number(policy.rules.count())),
            (
                f"Mudariam nos últimos {days} dias",
                f"{formats.number(simulation.changed)} de {_inquiries(simulation.total)}",
            ),
        ],
        "confirm_label": f"Ativar a {policy}",
        "cancel_url": reverse("policy_simulate", args=[policy.pk]) + f"?dias={days}",
        "tone": "primary",
        "undoable": True,
    }


def _inquiries(number: int) -> str:
    return f"{formats.number(number)} {'consulta' if number == 1 else 'consultas'}"


def _rule_or_404(request: Request, pk: int) -> PolicyRule:
    require(request.user, Permission.VIEW_CREDIT_POLICY)
    rules = PolicyRule.objects.select_related("policy__branch")
    return get_object_or_404(
        rules.filter(policy__in=selectors.policies_visible(request.user).values("pk")), pk=pk
    )


def _done(request: Request, act: Callable[[], object]) -> bool:
    """Whether the service agreed; what it refused is said on the next page."""
    try:
        act()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return False
    return True
