"""Contracts, receivables and payments over the API."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Schema
from pydantic import Field

from regua import documents
from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.receivables import selectors, services
from regua.receivables.models import Contract, Payment, Receivable
from regua.web import rest

contracts = rest.Resource("Contratos")
receivables = rest.Resource("Títulos")
payments = rest.Resource("Pagamentos")


class ContractOut(Schema):
    id: int
    branch_id: int
    customer_id: int
    co_debtor_id: int | None
    number: str = Field(examples=["2025/00871"])
    kind: Contract.Kind
    started_on: date | None
    suspended_on: date | None
    ended_on: date | None


class ContractPatch(rest.In):
    """Só o que vem muda. As datas são fatos: nenhuma está no futuro."""

    suspended_on: rest.Day | None = Field(None, examples=["2026-08-10"])
    ended_on: rest.Day | None = Field(None, examples=["2026-09-10"])
    co_debtor_document: rest.Text = Field(
        "",
        max_length=20,
        description="CPF ou CNPJ do coobrigado, um cliente da filial; vazio: ninguém mais.",
    )


class ContractFilter(rest.Paging):
    branch_id: rest.Key | None = None
    customer_id: rest.Key | None = None
    number: str | None = Field(None, max_length=20)


class ReceivableOut(Schema):
    id: int
    branch_id: int
    customer_id: int
    contract_id: int
    number: str = Field(examples=["2025/00871-3"])
    our_number: str = Field(description="Nosso número, único na filial.", examples=["00012345"])
    due_date: date
    amount: Decimal = Field(description="Reais.", examples=["129.90"])
    open_amount: Decimal = Field(description="Reais.", examples=["129.90"])
    status: Receivable.Status
    renegotiated: bool
    disputed: bool
    awaiting_confirmation: bool
    created_at: datetime


class ReceivableFilter(rest.Paging):
    branch_id: rest.Key | None = None
    customer_id: rest.Key | None = None
    contract_id: rest.Key | None = None
    our_number: str | None = Field(None, max_length=20)
    situation: Literal["overdue", "owed", "received", "cancelled"] | None = None
    due_from: rest.Day | None = None
    due_until: rest.Day | None = None


class CancellationIn(rest.In):
    reason: rest.Text = Field(min_length=1, max_length=500, examples=["Cobrança em duplicidade"])


class PaymentIn(rest.In):
    amount: rest.Money
    paid_on: rest.Day = Field(examples=["2026-11-20"])
    available_on: rest.Day | None = Field(
        None,
        description="Quando o dinheiro fica disponível, se for outro dia: o prazo para tirar uma "
        "negativação conta daí.",
    )


class PaymentOut(Schema):
    id: int
    receivable_id: int
    amount: Decimal = Field(examples=["129.90"])
    paid_on: date
    available_on: date
    recorded_by: str | None
    recorded_at: datetime


class PaymentRecorded(Schema):
    payment: PaymentOut
    receivable: ReceivableOut


def _contract(row: Contract) -> ContractOut:
    return ContractOut(
        branch_id=row.customer.branch_id,
        **{name: getattr(row, name) for name in ContractOut.model_fields if name != "branch_id"},
    )


def receivable_out(row: Receivable) -> ReceivableOut:
    return ReceivableOut(**{name: getattr(row, name) for name in ReceivableOut.model_fields})


def _payment(row: Payment) -> PaymentOut:
    return PaymentOut(
        id=row.pk,
        receivable_id=row.receivable_id,
        amount=row.amount,
        paid_on=row.paid_on,
        available_on=row.available_on,
        recorded_by=row.recorded_by.name if row.recorded_by else None,
        recorded_at=row.recorded_at,
    )


@contracts.get(
    "/contracts",
    scope="receivables:read",
    answer=rest.Page[ContractOut],
    summary="Lista os contratos",
    links={"contract_get": ("id", "$response.body#/items/0/id")},
)
def contract_list(request: Request, filters: Query[ContractFilter]) -> Any:
    require(request.user, Permission.VIEW_RECEIVABLES)
    rows = selectors.contracts_visible(request.user)
    if filters.branch_id:
        rows = rows.filter(customer__branch=filters.branch_id)
    if filters.customer_id:
        rows = rows.filter(customer=filters.customer_id)
    if filters.number:
        rows = rows.filter(number=filters.number.replace("\x00", ""))
    return rest.page(rows, filters, ("-pk",), _contract)


@contracts.get(
    "/contracts/{id}",
    scope="receivables:read",
    answer=ContractOut,
    summary="Mostra um contrato",
    links={"contract_update": ("id", "$response.body#/id")},
)
def contract_get(request: Request, id: rest.Id, response: HttpResponse) -> Any:
    found = get_object_or_404(selectors.contracts_visible(request.user), pk=id)
    return rest.tagged(response, _contract(found))


@contracts.patch(
    "/contracts/{id}",
    scope="receivables:write",
    answer=ContractOut,
    summary="Grava suspensão, rescisão e coobrigado de um contrato",
)
def contract_update(
    request: Request, id: rest.Id, payload: ContractPatch, response: HttpResponse
) -> Any:
    sent = payload.model_dump(exclude_unset=True)
    with transaction.atomic():
        rows = selectors.contracts_visible(request.user).select_for_update(of=["self"])
        contract = get_object_or_404(rows, pk=id)
        rest.require_match(request, _contract(contract))
        if sent.keys() & {"suspended_on", "ended_on"}:
            services.contract_dates_set(
                contract=contract,
                actor=request.user,
                suspended_on=sent.get("suspended_on", contract.suspended_on),
                ended_on=sent.get("ended_on", contract.ended_on),
            )
        if "co_debtor_document" in sent:
            services.co_debtor_set(
                contract=contract, actor=request.user, document=_parsed(sent["co_debtor_document"])
            )
        contract = selectors.contracts_visible(request.user).get(pk=id)
    return rest.tagged(response, _contract(contract))


def _parsed(document: str) -> str:
    if not document:
        return ""
    try:
        return documents.parse(document).value
    except documents.InvalidDocument as error:
        raise ValidationError({"co_debtor_document": str(error)}) from None


@receivables.get(
    "/receivables",
    scope="receivables:read",
    answer=rest.Page[ReceivableOut],
    summary="Lista os títulos",
    links={"receivable_get": ("id", "$response.body#/items/0/id")},
)
def receivable_list(request: Request, filters: Query[ReceivableFilter]) -> Any:
    require(request.user, Permission.VIEW_RECEIVABLES)
    rows = selectors.receivables_visible(request.user)
    for name in ("branch_id", "customer_id", "contract_id"):
        if key := getattr(filters, name):
            rows = rows.filter(**{name: key})
    if filters.our_number:
        rows = rows.filter(our_number=filters.our_number.replace("\x00", ""))
    if filters.due_from:
        rows = rows.filter(due_date__gte=filters.due_from)
    if filters.due_until:
        rows = rows.filter(due_date__lte=filters.due_until)
    match filters.situation:
        case "overdue":
            rows = selectors.overdue(rows)
        case "owed":
            rows = rows.filter(status__in=selectors.OWED)
        case "received":
            rows = rows.filter(status=Receivable.Status.RECEIVED)
        case "cancelled":
            rows = rows.filter(status=Receivable.Status.CANCELLED)
    return rest.page(rows, filters, ("-due_date", "-pk"), receivable_out)


@receivables.get(
    "/receivables/{id}",
    scope="receivables:read",
    answer=ReceivableOut,
    summary="Mostra um título",
    links={
        "receivable_cancel": ("id", "$response.body#/id"),
        "payment_record": ("id", "$response.body#/id"),
        "payment_list": ("id", "$response.body#/id"),
        "receivable_gate": ("id", "$response.body#/id"),
    },
)
def receivable_get(request: Request, id: rest.Id) -> Any:
    found = get_object_or_404(selectors.receivables_visible(request.user), pk=id)
    return receivable_out(found)


@receivables.post(
    "/receivables/{id}/cancellation",
    scope="receivables:write",
    answer=ReceivableOut,
    summary="Cancela o que falta pagar de um título",
)
def receivable_cancel(request: Request, id: rest.Id, payload: CancellationIn) -> Any:
    """Não tira uma negativação por si: a baixa passa a ter prazo."""
    found = get_object_or_404(selectors.receivables_visible(request.user), pk=id)
    return receivable_out(
        services.receivable_cancel(receivable=found, actor=request.user, reason=payload.reason)
    )


@payments.get(
    "/receivables/{id}/payments",
    scope="receivables:read",
    answer=list[PaymentOut],
    summary="Lista os pagamentos de um título",
)
def payment_list(request: Request, id: rest.Id) -> Any:
    found = get_object_or_404(selectors.receivables_visible(request.user), pk=id)
    return [_payment(row) for row in selectors.payments_of(found)]


@payments.post(
    "/receivables/{id}/payments",
    scope="payments:write",
    answer=PaymentRecorded,
    status=201,
    summary="Registra um pagamento",
    links={"payment_list": ("id", "$response.body#/receivable/id")},
)
def payment_record(request: Request, id: rest.Id, payload: PaymentIn) -> Any:
    """Não tira uma negativação por si: a baixa passa a ter prazo de cinco dias úteis."""
    found = get_object_or_404(selectors.receivables_visible(request.user), pk=id)
    recorded = services.payment_record(receivable=found, actor=request.user, **payload.model_dump())
    return PaymentRecorded(payment=_payment(recorded), receivable=receivable_out(found))
