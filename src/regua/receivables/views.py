"""A customer's receivables, recording what was paid, cancelling one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.parties.panels import customer_page
from regua.receivables import selectors, services
from regua.receivables.forms import CancellationForm, CoDebtorForm, PaymentForm, ReceivableFilter
from regua.receivables.models import Receivable, ReceivableCancellation
from regua.receivables.panels import RowNote, receivable_panels
from regua.receivables.services import co_debtor_set, payment_record
from regua.web import formats, keyset
from regua.web.forms import add_errors
from regua.web.status import Icon, Status, Tone

_SHOWN = {
    Receivable.Status.OPEN: Status("Em aberto", Tone.QUEUED, Icon("clock")),
    Receivable.Status.PARTIAL: Status("Pago em parte", Tone.NOTICE, Icon("coins")),
    Receivable.Status.RECEIVED: Status("Recebido", Tone.DONE, Icon("circle-check")),
    Receivable.Status.CANCELLED: Status("Cancelado", Tone.MUTED, Icon("circle-minus")),
}
_OVERDUE = Status("Vencido", Tone.ACTIVE, Icon("calendar-due"))


@require_safe
def customer_receivables(request: Request, pk: int) -> HttpResponse:
    require(request.user, Permission.VIEW_RECEIVABLES)
    page = customer_page(request, pk, tab="customer_receivables")
    form = ReceivableFilter(request.GET)
    form.is_valid()
    situation = form.cleaned_data.get("situacao", "")
    found = selectors.receivables_visible(request.user).filter(customer=page["customer"])
    one = request.GET.get("titulo", "")
    found = found.filter(pk=int(one)) if _is_key(one) else _narrow(found, situation)
    rows = keyset.paginate(
        found, ordering=("-due_date", "-pk"), cursor=request.GET.get("cursor"), page_size=25
    )
    notes = receivable_panels.notes_of(rows.items, request.user)
    cancelled = selectors.cancellations_of([row.pk for row in rows])
    context = {
        **page,
        "form": form,
        "narrowed": bool(situation or one),
        "page": rows,
        "total": keyset.capped_count(found),
        "rows": [
            _row(receivable, notes[receivable.pk], cancelled.get(receivable.pk))
            for receivable in rows
        ],
        "can_edit": request.user.can(Permission.EDIT_RECEIVABLES),
        "can_pay": request.user.can(Permission.RECORD_PAYMENT),
    }
    return render(request, "receivables/customer_receivables.html", context)


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _narrow(found: QuerySet[Receivable], situation: str) -> QuerySet[Receivable]:
    match situation:
        case "vencidos":
            return selectors.overdue(found)
        case "abertos":
            return found.filter(status__in=selectors.OWED)
        case "recebidos":
            return found.filter(status=Receivable.Status.RECEIVED)
        case "cancelados":
            return found.filter(status=Receivable.Status.CANCELLED)
    return found


def _row(
    receivable: Receivable, notes: list[RowNote], cancelled: ReceivableCancellation | None
) -> dict[str, Any]:
    late = receivable.is_owed and receivable.due_date < timezone.localdate()
    shown = _SHOWN[Receivable.Status(receivable.status)]
    remarks = [
        label
        for flag, label in (
            (late and receivable.status == Receivable.Status.PARTIAL, "vencido"),
            (receivable.renegotiated, "renegociado"),
            (receivable.disputed, "contestado pelo cliente"),
            (receivable.awaiting_confirmation, "pagamento aguardando confirmação"),
        )
        if flag
    ]
    return {
        "receivable": receivable,
        "status": _OVERDUE if late and receivable.status == Receivable.Status.OPEN else shown,
        "late": late,
        "remarks": ", ".join(remarks),
        "notes": notes,
        "cancelled": cancelled if receivable.status == Receivable.Status.CANCELLED else None,
    }


def payment_create(request: Request, pk: int) -> HttpResponse:
    receivable = get_object_or_404(selectors.receivables_visible(request.user), pk=pk)
    require(request.user, Permission.RECORD_PAYMENT, branch_id=receivable.branch_id)
    if not receivable.is_owed:
        messages.warning(
            request,
            f"O título {receivable.number} não está em aberto "
            f"({receivable.get_status_display().lower()}). Nada foi registrado.",
        )
        return redirect("customer_receivables", receivable.customer_id)
    notices = [
        f"{note.notice} {note.after_payment}".strip() for note in _noticed(request, receivable)
    ]
    form = PaymentForm(
        request.POST or None,
        initial={"amount": receivable.open_amount, "paid_on": timezone.localdate()},
    )
    if request.method == "POST" and form.is_valid():
        try:
            payment_record(receivable=receivable, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            _say_what_was_paid(request, receivable, notices)
            return redirect("customer_receivables", receivable.customer_id)
    context = {
        "receivable": receivable,
        "form": form,
        "notices": notices,
        "payments": selectors.payments_of(receivable),
        "facts": [
            ("Título", receivable.number),
            (
                "Vencimento",
                f"{formats.day(receivable.due_date)}, {formats.ago(receivable.due_date)}",
            ),
            ("Valor", formats.brl(receivable.amount)),
            ("Em aberto", formats.brl(receivable.open_amount)),
        ],
    }
    return render(request, "receivables/payment_form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def receivable_cancel(request: Request, pk: int) -> HttpResponse:
    receivable = get_object_or_404(selectors.receivables_visible(request.user), pk=pk)
    require(request.user, Permission.EDIT_RECEIVABLES, branch_id=receivable.branch_id)
    back = redirect("customer_receivables", receivable.customer_id)
    if obstacle := selectors.why_no_cancellation(receivable):
        messages.warning(request, obstacle)
        return back
    notices = [
        f"{note.notice} {note.after_cancellation}".strip() for note in _noticed(request, receivable)
    ]
    if receivable.awaiting_confirmation:
        notices.append("Há um pagamento deste título esperando confirmação do banco.")
    form = CancellationForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            services.receivable_cancel(
                receivable=receivable, actor=request.user, **form.cleaned_data
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(
                request,
                f"Título {receivable.number} cancelado: {receivable.customer.name} não deve mais "
                f"{formats.brl(receivable.open_amount)}.",
            )
            for notice in notices:
                messages.warning(request, notice)
            return back
    paid = receivable.amount - receivable.open_amount
    context = {
        "receivable": receivable,
        "form": form,
        "notices": notices,
        "paid": paid,
        "facts": [
            ("Título", receivable.number),
            ("Vencimento", formats.day(receivable.due_date)),
            ("Valor", formats.brl(receivable.amount)),
            *([("Já pago", formats.brl(paid))] if paid else []),
            ("Em aberto, a cancelar", formats.brl(receivable.open_amount)),
        ],
    }
    return render(request, "receivables/cancellation_form.html", context)


def _noticed(request: Request, receivable: Receivable) -> list[RowNote]:
    notes = receivable_panels.notes_of([receivable], request.user)[receivable.pk]
    return [note for note in notes if note.notice]


def co_debtor_edit(request: Request, pk: int) -> HttpResponse:
    """Who else answers for a contract's debts."""
    contract = get_object_or_404(selectors.contracts_visible(request.user), pk=pk)
    customer = contract.customer
    require(request.user, Permission.EDIT_RECEIVABLES, branch_id=customer.branch_id)
    form = CoDebtorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            co_debtor_set(contract=contract, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_errors(form, error)
        else:
            who = contract.co_debtor.name if contract.co_debtor else "ninguém além do cliente"
            messages.success(request, f"Contrato {contract.number}: responde por ele {who}.")
            return redirect("customer_receivables", customer.pk)
    context = {"contract": contract, "customer": customer, "form": form}
    return render(request, "receivables/co_debtor_form.html", context)


def _say_what_was_paid(request: Request, receivable: Receivable, notices: list[str]) -> None:
    rest = (
        f"Ainda faltam {formats.brl(receivable.open_amount)}."
        if receivable.is_owed
        else "O título está quitado."
    )
    messages.success(request, f"Pagamento do título {receivable.number} registrado. {rest}")
    for notice in notices:
        messages.warning(request, notice)
