"""The paths of what happens to a listed debt: a short form that says first what will be done."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.organization.models import GeneralParameters
from regua.parties.selectors import customers_visible
from regua.parties.services import customer_death, customer_update
from regua.restrictions import corrections, midlife, selectors
from regua.restrictions.choices import Correction, RemovalReason
from regua.restrictions.midlife_forms import (
    AddressForm,
    AmountForm,
    DeathForm,
    DueDateForm,
    NameForm,
    NewAddressForm,
    ToldOnForm,
)
from regua.restrictions.midlife_menu import corrections_possible, letter_came_back
from regua.restrictions.midlife_page import (
    METHODS,
    answer,
    code_for,
    evidence_url,
    listing_of,
    of_customer,
    of_listing,
    until,
)
from regua.restrictions.models import Restriction
from regua.web import formats

_TITLES = {
    Correction.PARTIAL_PAYMENT: "Corrigir o valor depois de um pagamento em parte",
    Correction.AMOUNT: "Corrigir o valor",
    Correction.DUE_DATE: "Corrigir o vencimento",
    Correction.NAME: "Corrigir o nome do cliente",
    Correction.ADDRESS: "Corrigir o endereço do cliente",
}


@require_http_methods(METHODS)
def correction_create(request: Request, pk: int, kind: str) -> HttpResponse:
    r = listing_of(request, pk)
    require(request.user, Permission.REQUEST_REMOVAL, branch_id=r.branch_id)
    if kind not in Correction.values:
        raise Http404
    if kind not in corrections_possible(r, request.user):
        messages.warning(
            request, selectors.why_no_removal(r) or "Esta correção não é possível agora."
        )
        return redirect("restriction_detail", pk)
    chosen = Correction(kind)
    form = _correction_form(request, r, chosen)

    def do(given: dict[str, Any]) -> str:
        told_on = given.pop("told_on")
        new = corrections.correction_request(
            restriction=r, actor=request.user, kind=chosen, told_on=told_on, changes=given
        )
        messages.success(request, _what_was_asked(r, new))
        return reverse("restriction_detail", args=[new.pk])

    steps = (
        [
            "O pedido ainda não saiu: ele é cancelado e outro, corrigido, vai no lugar.",
            "O birô não fica sabendo do que estava errado.",
        ]
        if r.status == "queued"
        else [
            f"A nº {r.pk} é baixada no birô: {code_for(r, corrections.REASONS[chosen])}.",
            "Assim que ela sair, a dívida é negativada de novo com os dados certos, com nova carta "
            "e novo prazo. Se até lá for paga ou contestada, não é.",
            until(r),
        ]
    )
    if limit := GeneralParameters.current().approval_amount:
        steps.append(
            f"Se o valor passar de {formats.brl(limit)} e do que já foi pedido, outra pessoa "
            "aprova antes."
            if r.status == "queued"
            else f"Se o valor passar de {formats.brl(limit)} e do que está no birô, outra pessoa "
            f"aprova antes; até lá a nº {r.pk} fica como está, e o prazo corre."
        )
    page = of_listing(r) | {
        "heading": _TITLES[chosen],
        "steps": steps,
        "facts": _correction_facts(r, chosen),
        "button": "Baixar e negativar de novo" if r.status != "queued" else "Corrigir o pedido",
    }
    response = answer(request, form, do, **page)
    if form.errors:
        r.customer.refresh_from_db()  # the form wrote on it what it refused
    return response


def _what_was_asked(old: Restriction, new: Restriction) -> str:
    if new.awaits_approval and old.is_final:
        return f"A nº {old.pk} não sai mais; a nº {new.pk} vai no lugar dela se for aprovada."
    if new.awaits_approval:
        return (
            f"Correção pedida: espera a aprovação de outra pessoa. Até lá a nº {old.pk} continua "
            "no birô como está, e o prazo corre."
        )
    if new.status == "draft":
        return f"Correção pedida: a nº {old.pk} sai e a nº {new.pk} entra no lugar, sozinha."
    return f"A nº {old.pk} não chegou a sair; a nº {new.pk} vai no lugar dela."


def _correction_form(request: Request, r: Restriction, kind: Correction) -> django_forms.BaseForm:
    data = request.POST or None
    match kind:
        case Correction.PARTIAL_PAYMENT:
            return ToldOnForm(data)
        case Correction.AMOUNT:
            return AmountForm(data, initial={"amount": r.receivable.amount})
        case Correction.DUE_DATE:
            return DueDateForm(data, initial={"due_date": r.receivable.due_date})
        case Correction.NAME:
            return NameForm(data, instance=r.customer)
        case Correction.ADDRESS:
            return AddressForm(data, instance=r.customer)


def _correction_facts(r: Restriction, kind: Correction) -> list[tuple[str, str]]:
    match kind:
        case Correction.PARTIAL_PAYMENT | Correction.AMOUNT:
            return [
                ("No birô", formats.brl(r.amount)),
                ("Em aberto hoje", formats.brl(r.receivable.open_amount)),
            ]
        case Correction.DUE_DATE:
            return [("No birô", formats.day(r.due_date))]
        case Correction.NAME:
            return [("No birô", r.debtor["name"])]
        case Correction.ADDRESS:
            at = r.debtor["address"]
            return [
                (
                    "No birô",
                    f"{at['street']}, {at['number']}, {at['complement']}, {at['district']}, "
                    f"{at['city']} ({at['state']}), CEP {formats.cep(at['postal_code'])}",
                )
            ]


@require_POST
def correction_cancel(request: Request, pk: int) -> HttpResponse:
    draft = listing_of(request, pk)
    try:
        corrections.correction_cancel(restriction=draft, actor=request.user)
    except ValidationError as error:
        for sentence in error.messages:
            messages.error(request, sentence)
        return redirect("restriction_detail", pk)
    messages.success(
        request, f"Correção cancelada. A nº {draft.replaces_id} continua no birô como estava."
    )
    return redirect("restriction_detail", draft.replaces_id)


@require_http_methods(METHODS)
def holder_change(request: Request, pk: int) -> HttpResponse:
    r = listing_of(request, pk)
    require(request.user, Permission.REQUEST_REMOVAL, branch_id=r.branch_id)
    if obstacle := selectors.why_no_removal(r):
        messages.warning(request, obstacle)
        return redirect("restriction_detail", pk)

    def do(given: dict[str, Any]) -> str:
        midlife.holder_changed(restriction=r, actor=request.user, **given)
        messages.success(
            request,
            "Baixa pedida. Se a dívida passou ao novo titular, cancele este título e emita outro "
            "em nome dele.",
        )
        return reverse("restriction_detail", args=[pk])

    page = of_listing(r) | {
        "heading": "O titular mudou",
        "steps": [
            f"A nº {r.pk} é baixada no birô: {code_for(r, RemovalReason.OWNERSHIP_CHANGE)}.",
            "O título continua deste cliente. O novo titular só pode ser negativado por dívida "
            "dele, com outro título.",
            until(r),
        ],
        "button": "Pedir baixa",
        "evidence": evidence_url(r.receivable, "holder_change", request.path),
    }
    return answer(request, ToldOnForm(request.POST or None), do, **page)


@require_http_methods(METHODS)
def letter_returned(request: Request, pk: int) -> HttpResponse:
    """The bureau's letter came back: mend the address, then list again."""
    r = listing_of(request, pk)
    require(request.user, Permission.EDIT_PARTIES, branch_id=r.branch_id)
    if not letter_came_back(r):
        messages.warning(request, "A carta desta negativação não consta como devolvida.")
        return redirect("restriction_detail", pk)

    def do(given: dict[str, Any]) -> str:
        customer_update(customer=r.customer, actor=request.user, **given)
        messages.success(request, "Endereço corrigido. Confira e negative de novo.")
        wizard = reverse("restriction_create", args=[r.customer_id])
        return f"{wizard}?{urlencode({'titulo': r.receivable_id})}"

    form = NewAddressForm(request.POST or None, instance=r.customer)
    page = of_listing(r) | {
        "heading": "Corrigir o endereço e negativar de novo",
        "steps": [
            "O endereço é corrigido no cadastro do cliente.",
            "Depois, a negativação deste título abre para conferir e enviar. Nada sai antes disso.",
        ],
        "facts": _correction_facts(r, Correction.ADDRESS),
        "button": "Salvar e seguir",
    }
    response = answer(request, form, do, **page)
    if form.errors:
        r.customer.refresh_from_db()
    return response


@require_http_methods(METHODS)
def customer_deceased(request: Request, pk: int) -> HttpResponse:
    customer = get_object_or_404(customers_visible(request.user), pk=pk)
    require(request.user, Permission.EDIT_PARTIES, branch_id=customer.branch_id)
    back = reverse("customer_restrictions", args=[pk])
    named = selectors.restrictions_visible(request.user).filter(selectors.naming(customer))
    live = list(named.exclude(status="draft").order_by("-pk"))
    if customer.deceased_on is not None:
        if request.method == "POST" and request.POST.get("engano") == "sim":
            customer_death(customer=customer, actor=request.user, deceased_on=None)
            messages.success(
                request, "Falecimento desfeito. As baixas já pedidas seguem; negative de novo."
            )
            return redirect(back)
        return render(request, "restrictions/deceased.html", {"customer": customer, "back": back})

    def do(given: dict[str, Any]) -> str:
        count = midlife.customer_deceased(customer=customer, actor=request.user, **given)
        said = "Nada estava negativado." if not count else f"Negativações que saem: {count}."
        messages.success(request, f"Falecimento anotado. {said}")
        return back

    surety = (
        ["Onde ele é coobrigado, a negativação também sai; tire-o do contrato antes de negativar."]
        if any(row.customer_id != customer.pk for row in live)
        else []
    )
    page = {
        "heading": "O cliente faleceu",
        "subject": customer.name,
        "back": back,
        "crumbs": of_customer(customer.name, back),
        "steps": [
            f"A baixa do que está negativado ({len(live)}) é pedida agora: "
            f"{code_for(live[0], RemovalReason.DECEASED)}."
            if live
            else "Nada dele está negativado: nada precisa sair do birô.",
            "Nenhum título dele pode mais ser negativado. A dívida se trata com o espólio "
            "(Código Civil, art. 1.997).",
            *surety,
        ],
        "button": "Anotar o falecimento",
    }
    return answer(request, DeathForm(request.POST or None), do, **page)
