"""A contest or a court order: written down, looked at, decided."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.receivables.impediments import impediments_visible
from regua.receivables.models import Impediment
from regua.receivables.services import receivable_correct
from regua.restrictions import midlife, selectors
from regua.restrictions.choices import RemovalReason
from regua.restrictions.midlife_forms import ContestedAmountForm, DecisionForm, ImpedimentForm
from regua.restrictions.midlife_page import (
    METHODS,
    answer,
    code_for,
    debt_of,
    evidence_url,
    of_debt,
)
from regua.web import formats
from regua.web.forms import add_errors


@require_http_methods(METHODS)
def contest_create(request: Request, pk: int) -> HttpResponse:
    debt = debt_of(request, pk)
    require(request.user, Permission.MANAGE_IMPEDIMENTS, branch_id=debt.branch_id)

    def do(given: dict[str, Any]) -> str:
        opened = midlife.contest_open(receivable=debt, actor=request.user, **given)
        messages.success(
            request,
            f"Contestação aberta. Decida até {formats.day(midlife.decide_by(opened))}.",
        )
        return reverse("impediment_detail", args=[opened.pk])

    page = of_debt(debt) | {
        "heading": "O cliente contesta a dívida",
        "steps": [
            "A cobrança e a negativação deste título param até a decisão (CDC, art. 54-G).",
            "Um pedido que ainda não saiu é cancelado. O que já está no birô fica até a decisão.",
            "Se o cliente tiver razão, a baixa é pedida com o prazo contado do dia em que ele "
            "avisou: cinco dias úteis (CDC, art. 43, § 3º).",
        ],
        "button": "Abrir contestação",
    }
    return answer(request, ImpedimentForm(request.POST or None), do, **page)


@require_http_methods(METHODS)
def court_order_create(request: Request, pk: int) -> HttpResponse:
    debt = debt_of(request, pk)
    require(request.user, Permission.MANAGE_IMPEDIMENTS, branch_id=debt.branch_id)
    live = selectors.latest_live(debt)

    def do(given: dict[str, Any]) -> str:
        opened = midlife.court_order_open(receivable=debt, actor=request.user, **given)
        messages.success(request, "Ordem anotada. Este título não pode mais ser negativado.")
        return reverse("impediment_detail", args=[opened.pk])

    page = of_debt(debt) | {
        "heading": "Chegou uma ordem judicial",
        "steps": [
            f"A baixa da nº {live.pk} é pedida agora: {code_for(live, RemovalReason.COURT_ORDER)}."
            if live
            else "Este título não está negativado: nada precisa sair do birô.",
            "Enquanto a ordem valer, ele não pode ser negativado por ninguém aqui.",
        ],
        "button": "Anotar a ordem e pedir a baixa" if live else "Anotar a ordem",
    }
    return answer(request, ImpedimentForm(request.POST or None), do, **page)


@require_http_methods(METHODS)
def impediment_detail(request: Request, pk: int) -> HttpResponse:
    """What was said, the proof, and the decision."""
    found = get_object_or_404(impediments_visible(request.user), pk=pk)
    debt = found.receivable
    is_contest = found.kind == Impediment.Kind.CONTEST
    may = request.user.can(Permission.MANAGE_IMPEDIMENTS) and found.closed_at is None
    live = selectors.latest_live(debt)
    form = DecisionForm(request.POST or None, kind=found.kind) if may else None
    if request.method == "POST":
        require(request.user, Permission.MANAGE_IMPEDIMENTS, branch_id=debt.branch_id)
        if form is None:
            messages.warning(request, "Já foi decidido. Nada mudou.")
            return redirect("impediment_detail", pk)
        if form.is_valid():
            try:
                midlife.impediment_decide(impediment=found, actor=request.user, **form.cleaned_data)
            except ValidationError as error:
                add_errors(form, error)
            else:
                messages.success(request, "Decisão anotada.")
                return redirect(of_debt(debt)["back"] if live else request.path)
    context = of_debt(debt) | {
        "impediment": found,
        "mend_url": reverse("contested_amount", args=[pk]) if _is_to_mend(request, found) else "",
        "form": form,
        "live": live,
        "decide_by": midlife.decide_by(found) if is_contest and form else None,
        "removal": code_for(live, RemovalReason.CONTESTED) if live and is_contest else "",
        "evidence": evidence_url(debt, found.kind, request.path, found.pk) if may else "",
        "files": found.evidence.filter(withdrawn_at=None).select_related("uploaded_by"),
        "facts": [
            ("Título", f"{debt.number}, vencido em {formats.day(debt.due_date)}"),
            ("Em aberto", formats.brl(debt.open_amount)),
            ("Soubemos em", formats.day(found.told_on)),
            ("Anotada por", found.opened_by.name if found.opened_by else "Pelo birô"),
        ],
    }
    return render(request, "restrictions/impediment_detail.html", context)


def _is_to_mend(request: Request, found: Impediment) -> bool:
    """The customer was right, nothing is listed and the amount is still the contested one."""
    debt = found.receivable
    return (
        found.outcome == Impediment.Outcome.UPHELD
        and found.kind == Impediment.Kind.CONTEST
        and debt.disputed
        and debt.is_owed
        and request.user.can(Permission.EDIT_RECEIVABLES)
        and selectors.latest_live(debt) is None
    )


@require_http_methods(METHODS)
def contested_amount(request: Request, pk: int) -> HttpResponse:
    """Mend the amount that was contested with reason, so that the debt may be charged again."""
    found = get_object_or_404(impediments_visible(request.user), pk=pk)
    debt = found.receivable
    require(request.user, Permission.EDIT_RECEIVABLES, branch_id=debt.branch_id)
    back = reverse("impediment_detail", args=[pk])
    if not _is_to_mend(request, found):
        messages.warning(request, "Este título não espera correção de valor. Nada mudou.")
        return redirect(back)

    def do(given: dict[str, Any]) -> str:
        receivable_correct(receivable=debt, actor=request.user, **given)
        messages.success(
            request,
            f"Valor corrigido: {formats.brl(debt.open_amount)} em aberto. "
            "O título volta a poder ser cobrado e negativado.",
        )
        return back

    page = of_debt(debt) | {
        "heading": "Corrigir o valor contestado",
        "back": back,
        "steps": [
            "O valor do título muda aqui. Nada é enviado ao birô.",
            "Com o valor certo, o título volta a poder ser cobrado e negativado.",
        ],
        "facts": [
            ("Valor do título hoje", formats.brl(debt.amount)),
            ("Em aberto hoje", formats.brl(debt.open_amount)),
        ],
        "button": "Corrigir o valor",
    }
    form = ContestedAmountForm(request.POST or None, initial={"amount": debt.amount})
    return answer(request, form, do, **page)
