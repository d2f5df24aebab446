"""The paths of what happens to a listed debt: a short form that says first what will be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.calendar import CORRECTION_DAYS, business_day_after
from regua.organization.selectors import days_off
from regua.parties.selectors import customers_visible
from regua.parties.services import customer_death, customer_update
from regua.receivables.impediments import impediments_visible
from regua.receivables.models import Impediment, Receivable
from regua.receivables.selectors import receivables_visible
from regua.restrictions import corrections, midlife, selectors
from regua.restrictions.choices import Correction, RemovalReason
from regua.restrictions.midlife_forms import (
    AddressForm,
    AmountForm,
    DeathForm,
    DecisionForm,
    DueDateForm,
    ImpedimentForm,
    NameForm,
    NewAddressForm,
    ToldOnForm,
)
from regua.restrictions.midlife_menu import corrections_possible, letter_came_back
from regua.restrictions.models import Restriction
from regua.web import formats
from regua.web.forms import add_errors

METHODS = ["GET", "HEAD", "POST"]
_TITLES = {
    Correction.PARTIAL_PAYMENT: "Corrigir o valor depois de um pagamento em parte",
    Correction.AMOUNT: "Corrigir o valor",
    Correction.DUE_DATE: "Corrigir o vencimento",
    Correction.NAME: "Corrigir o nome do cliente",
    Correction.ADDRESS: "Corrigir o endereço do cliente",
}


def _listing(request: Request, pk: int) -> Restriction:
    return get_object_or_404(selectors.restrictions_visible(request.user), pk=pk)


def _debt(request: Request, pk: int) -> Receivable:
    return get_object_or_404(receivables_visible(request.user), pk=pk)


def _answer(
    request: Request,
    form: django_forms.BaseForm,
    do: Callable[[dict[str, Any]], str],
    **page: Any,
) -> HttpResponse:
    """Show the form; once it is valid, ``do`` it and go where ``do`` says."""
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(do(form.cleaned_data))
        except ValidationError as error:
            add_errors(form, error)
    return render(request, "restrictions/midlife_form.html", {"form": form, **page})


def _of_listing(r: Restriction) -> dict[str, Any]:
    return {
        "subject": f"Negativação nº {r.pk} · {r.customer.name} · título {r.receivable.number}",
        "back": reverse("restriction_detail", args=[r.pk]),
        "crumb": ("Negativações", reverse("restriction_list")),
    }


def _of_debt(debt: Receivable) -> dict[str, Any]:
    back = reverse("customer_receivables", args=[debt.customer_id])
    live = selectors.latest_live(debt)
    return {
        "subject": f"{debt.customer.name} · título {debt.number}, "
        f"{formats.brl(debt.open_amount)} em aberto",
        "back": reverse("restriction_detail", args=[live.pk]) if live else back,
        "crumb": (debt.customer.name, back),
    }


def _code(r: Restriction, reason: RemovalReason) -> str:
    code = selectors.removal_codes(r.integration).get(reason)
    return (
        f"código {code.code}, {code.description}"
        if code
        else f"sem código no birô: atualize os códigos da integração nº {r.integration_id}"
    )


def _until(r: Restriction) -> str:
    last = business_day_after(timezone.localdate(), CORRECTION_DAYS, days_off(r.branch))
    return f"Avisados hoje, o prazo é {formats.day(last)}: cinco dias úteis (CDC, art. 43, § 3º)."


@require_http_methods(METHODS)
def correction_create(request: Request, pk: int, kind: str) -> HttpResponse:
    r = _listing(request, pk)
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
        messages.success(
            request,
            f"Correção pedida: a nº {r.pk} sai e a nº {new.pk} entra no lugar, sozinha."
            if new.status == "draft"
            else f"A nº {r.pk} não chegou a sair; a nº {new.pk} vai no lugar dela.",
        )
        return reverse("restriction_detail", args=[new.pk])

    steps = (
        [
            "O pedido ainda não saiu: ele é cancelado e outro, corrigido, vai no lugar.",
            "O birô não fica sabendo do que estava errado.",
        ]
        if r.status == "queued"
        else [
            f"A nº {r.pk} é baixada no birô: {_code(r, corrections.REASONS[chosen])}.",
            "Assim que ela sair, a dívida é negativada de novo com os dados certos, com nova carta "
            "e novo prazo. Se até lá for paga ou contestada, não é.",
            _until(r),
        ]
    )
    page = _of_listing(r) | {
        "heading": _TITLES[chosen],
        "steps": steps,
        "facts": _correction_facts(r, chosen),
        "button": "Baixar e negativar de novo" if r.status != "queued" else "Corrigir o pedido",
    }
    response = _answer(request, form, do, **page)
    if form.errors:
        r.customer.refresh_from_db()  # the form wrote on it what it refused
    return response


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
    draft = _listing(request, pk)
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
    r = _listing(request, pk)
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

    page = _of_listing(r) | {
        "heading": "O titular mudou",
        "steps": [
            f"A nº {r.pk} é baixada no birô: {_code(r, RemovalReason.OWNERSHIP_CHANGE)}.",
            "O título continua deste cliente. O novo titular só pode ser negativado por dívida "
            "dele, com outro título.",
            _until(r),
        ],
        "button": "Pedir baixa",
        "evidence": _evidence(r.receivable, "holder_change", request.path),
    }
    return _answer(request, ToldOnForm(request.POST or None), do, **page)


@require_http_methods(METHODS)
def letter_returned(request: Request, pk: int) -> HttpResponse:
    """The bureau's letter came back: mend the address, then list again."""
    r = _listing(request, pk)
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
    page = _of_listing(r) | {
        "heading": "Corrigir o endereço e negativar de novo",
        "steps": [
            "O endereço é corrigido no cadastro do cliente.",
            "Depois, a negativação deste título abre para conferir e enviar. Nada sai antes disso.",
        ],
        "facts": _correction_facts(r, Correction.ADDRESS),
        "button": "Salvar e seguir",
    }
    response = _answer(request, form, do, **page)
    if form.errors:
        r.customer.refresh_from_db()
    return response


@require_http_methods(METHODS)
def contest_create(request: Request, pk: int) -> HttpResponse:
    debt = _debt(request, pk)
    require(request.user, Permission.MANAGE_IMPEDIMENTS, branch_id=debt.branch_id)

    def do(given: dict[str, Any]) -> str:
        opened = midlife.contest_open(receivable=debt, actor=request.user, **given)
        messages.success(
            request,
            f"Contestação aberta. Decida até {formats.day(midlife.decide_by(opened))}.",
        )
        return reverse("impediment_detail", args=[opened.pk])

    page = _of_debt(debt) | {
        "heading": "O cliente contesta a dívida",
        "steps": [
            "A cobrança e a negativação deste título param até a decisão (CDC, art. 54-G).",
            "Um pedido que ainda não saiu é cancelado. O que já está no birô fica até a decisão.",
            "Se o cliente tiver razão, a baixa é pedida com o prazo contado do dia em que ele "
            "avisou: cinco dias úteis (CDC, art. 43, § 3º).",
        ],
        "button": "Abrir contestação",
    }
    return _answer(request, ImpedimentForm(request.POST or None), do, **page)


@require_http_methods(METHODS)
def court_order_create(request: Request, pk: int) -> HttpResponse:
    debt = _debt(request, pk)
    require(request.user, Permission.MANAGE_IMPEDIMENTS, branch_id=debt.branch_id)
    live = selectors.latest_live(debt)

    def do(given: dict[str, Any]) -> str:
        opened = midlife.court_order_open(receivable=debt, actor=request.user, **given)
        messages.success(request, "Ordem anotada. Este título não pode mais ser negativado.")
        return reverse("impediment_detail", args=[opened.pk])

    page = _of_debt(debt) | {
        "heading": "Chegou uma ordem judicial",
        "steps": [
            f"A baixa da nº {live.pk} é pedida agora: {_code(live, RemovalReason.COURT_ORDER)}."
            if live
            else "Este título não está negativado: nada precisa sair do birô.",
            "Enquanto a ordem valer, ele não pode ser negativado por ninguém aqui.",
        ],
        "button": "Anotar a ordem e pedir a baixa" if live else "Anotar a ordem",
    }
    return _answer(request, ImpedimentForm(request.POST or None), do, **page)


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
                return redirect(_of_debt(debt)["back"] if live else request.path)
    context = _of_debt(debt) | {
        "impediment": found,
        "form": form,
        "live": live,
        "decide_by": midlife.decide_by(found) if is_contest and form else None,
        "removal": _code(live, RemovalReason.CONTESTED) if live and is_contest else "",
        "evidence": _evidence(
            debt, "contest" if is_contest else "court_order", request.path, impediment=found.pk
        )
        if may
        else "",
        "files": found.evidence.filter(withdrawn_at=None).select_related("uploaded_by"),
        "facts": [
            ("Título", f"{debt.number}, vencido em {formats.day(debt.due_date)}"),
            ("Em aberto", formats.brl(debt.open_amount)),
            ("Soubemos em", formats.day(found.told_on)),
            ("Anotada por", found.opened_by.name if found.opened_by else "Pelo birô"),
        ],
    }
    return render(request, "restrictions/impediment_detail.html", context)


def _evidence(debt: Receivable, kind: str, after: str, **more: int) -> str:
    """Where its proof is attached."""
    try:
        page = reverse("evidence_add", args=[debt.customer_id])
    except NoReverseMatch:
        return ""
    query = {"titulo": debt.pk, "tipo": kind, "proximo": after, **more}
    return f"{page}?{urlencode(query)}"


@require_http_methods(METHODS)
def customer_deceased(request: Request, pk: int) -> HttpResponse:
    customer = get_object_or_404(customers_visible(request.user), pk=pk)
    require(request.user, Permission.EDIT_PARTIES, branch_id=customer.branch_id)
    back = reverse("customer_restrictions", args=[pk])
    live = [
        row
        for row in selectors.live_by_customer([pk], actor=request.user).get(pk, [])
        if row.status != "draft"
    ]
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

    page = {
        "heading": "O cliente faleceu",
        "subject": customer.name,
        "back": back,
        "crumb": (customer.name, back),
        "steps": [
            f"A baixa do que está negativado ({len(live)}) é pedida agora: "
            f"{_code(live[0], RemovalReason.DECEASED)}."
            if live
            else "Nada dele está negativado: nada precisa sair do birô.",
            "Nenhum título dele pode mais ser negativado. A dívida se trata com o espólio "
            "(Código Civil, art. 1.997).",
        ],
        "button": "Anotar o falecimento",
    }
    return _answer(request, DeathForm(request.POST or None), do, **page)
