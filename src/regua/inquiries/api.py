"""Credit inquiries over the API."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from ninja import Query, Schema
from pydantic import Field

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.accounts.selectors import branches_visible
from regua.inquiries import filters as narrowing
from regua.inquiries.choices import Outcome
from regua.inquiries.models import Inquiry
from regua.inquiries.policy.services import decision_override
from regua.inquiries.selectors import inquiries_visible, inquiry_report
from regua.inquiries.services import PURPOSE, inquiry_request
from regua.inquiries.verdicts import standing_of
from regua.integrations.models import Product
from regua.integrations.selectors import NoIntegration, integration_in_use
from regua.integrations.vault import VaultError
from regua.organization.models import Branch
from regua.parties.selectors import customers_visible, leads_visible, prospects_visible
from regua.web import rest

inquiries = rest.Resource("Consultas")


class ProductOut(Schema):
    code: str = Field(examples=["PF-SCORE"])
    name: str
    person_kind: Literal["F", "J", "A"] = Field(
        description="F: pessoa física; J: pessoa jurídica; A: ambas."
    )
    price: Decimal = Field(description="Reais.", examples=["4.90"])


class InquiryIn(rest.In):
    branch_id: rest.Key
    document: rest.Text = Field(
        min_length=1, max_length=20, description="CPF ou CNPJ.", examples=["52998224725"]
    )
    product_code: rest.Text = Field(
        min_length=1,
        max_length=30,
        description="Um dos produtos da filial: ninguém paga um preço que não viu.",
        examples=["PF-SCORE"],
    )
    purpose: rest.Text = Field(
        PURPOSE, min_length=1, max_length=120, description="A lei pede que ela exista."
    )
    customer_id: rest.Key | None = None
    lead_id: rest.Key | None = None
    prospect_id: rest.Key | None = None
    repeat_reason: rest.Text = Field(
        "",
        max_length=200,
        description="Por que consultar de novo dentro do intervalo, se a filial tiver um.",
    )


class PendingOut(Schema):
    kind: str
    creditor: str
    amount: Decimal
    occurred_on: date | None


class DecisionOut(Schema):
    outcome: Outcome | None = Field(description="Nulo enquanto nada foi decidido.")
    title: str = Field(examples=["Aprovar com condições"])
    reasons: list[str]
    decided_by: str


class ResultOut(Schema):
    answered_at: datetime
    name: str
    document_status: str = Field(examples=["REGULAR"])
    score: int | None
    band: str
    default_probability: Decimal | None = Field(description="De 0 a 1.")
    pendings_count: int
    pendings_total: Decimal
    newest_pending_on: date | None
    born_or_opened_on: date | None
    pendings: list[PendingOut] | None = Field(
        description="Nulo na lista e depois que o prazo de guarda do relatório acaba."
    )


class InquiryOut(Schema):
    id: int
    branch_id: int
    document_masked: str
    customer_id: int | None
    lead_id: int | None
    prospect_id: int | None
    product_code: str
    product_name: str
    cost: Decimal
    charge_unsure: bool = Field(description="O birô pode ter cobrado por uma consulta recusada.")
    purpose: str
    requested_by: str
    requested_at: datetime
    status: Inquiry.Status
    problem: str = Field(description="Por que espera ou foi recusada.")
    protocol: str
    result: ResultOut | None = Field(description="Nulo até a resposta.")
    decision: DecisionOut | None = Field(description="Nulo até a resposta e na lista.")


class InquiryFilter(rest.Paging):
    branch_id: rest.Key | None = None
    customer_id: rest.Key | None = None
    since: rest.Day | None = None
    until: rest.Day | None = None
    kind: Literal["F", "J"] | None = Field(None, description="Pessoa física ou jurídica.")
    result: (
        Literal["unfinished", "refused", "answered", "approve", "conditions", "review", "deny"]
        | None
    ) = None


class OverrideIn(rest.In):
    outcome: Outcome
    reason: rest.Text = Field(min_length=1, max_length=300, examples=["Cliente antigo, em dia"])
    advance_payment: bool = False
    deposit: rest.Money | None = None
    fidelity_months: int | None = Field(None, ge=1, le=60)
    plan_limit: rest.Money | None = None


def _masked(document: str) -> str:
    from regua.documents import parse

    return parse(document).masked


def _show(row: Inquiry, *, whole: bool = False) -> InquiryOut:
    answered = row.status == Inquiry.Status.ANSWERED
    same = (
        *("id", "branch_id", "customer_id", "lead_id", "prospect_id", "product_code"),
        *("product_name", "cost", "charge_unsure", "purpose", "requested_at", "status"),
        *("problem", "protocol"),
    )
    return InquiryOut(
        document_masked=_masked(row.document),
        requested_by=row.requested_by.name,
        result=_result(row, whole=whole) if answered else None,
        decision=_decision(row) if answered and whole else None,
        **{name: getattr(row, name) for name in same},
    )


def _result(row: Inquiry, *, whole: bool) -> ResultOut:
    assert row.answered_at is not None  # noqa: S101
    return ResultOut(
        answered_at=row.answered_at,
        name=row.name,
        document_status=row.document_status,
        score=row.score,
        band=row.band,
        default_probability=row.default_probability,
        pendings_count=row.pendings_count or 0,
        pendings_total=row.pendings_total or Decimal(0),
        newest_pending_on=row.newest_pending_on,
        born_or_opened_on=row.born_or_opened_on,
        pendings=_pendings(row) if whole else None,
    )


def _pendings(row: Inquiry) -> list[PendingOut] | None:
    try:
        report = inquiry_report(row)
    except VaultError:
        return None
    if report is None:
        return None
    return [
        PendingOut(
            kind=str(pending.kind),
            creditor=pending.creditor,
            amount=pending.amount,
            occurred_on=pending.occurred_on,
        )
        for pending in report.pendings
    ]


def _decision(row: Inquiry) -> DecisionOut:
    standing = standing_of(row)
    return DecisionOut(
        outcome=Outcome(row.outcome) if row.outcome else None,
        title=standing.verdict.title,
        reasons=list(standing.verdict.reasons),
        decided_by=standing.by,
    )


@inquiries.get(
    "/branches/{id}/inquiry-products",
    scope="inquiries:read",
    answer=list[ProductOut],
    summary="Lista os produtos que a filial pode consultar, com o preço",
)
def inquiry_products(request: Request, id: rest.Id) -> Any:
    require(request.user, Permission.VIEW_INQUIRIES)
    branch = get_object_or_404(branches_visible(request.user), pk=id)
    try:
        integration = integration_in_use(branch.pk)
    except NoIntegration as error:
        raise rest.Problem("refused", str(error)) from None
    return [_product(row) for row in integration.products.filter(gone_at=None)]


def _product(row: Product) -> ProductOut:
    return ProductOut.model_validate(row, from_attributes=True)


@inquiries.get(
    "/inquiries",
    scope="inquiries:read",
    answer=rest.Page[InquiryOut],
    summary="Lista as consultas",
    links={"inquiry_get": ("id", "$response.body#/items/0/id")},
)
def inquiry_list(request: Request, filters: Query[InquiryFilter]) -> Any:
    require(request.user, Permission.VIEW_INQUIRIES)
    rows = inquiries_visible(request.user)
    chosen = filters.model_dump(include={"since", "until", "kind", "result"}, exclude_none=True)
    branch = Branch.objects.filter(pk=filters.branch_id).first() if filters.branch_id else None
    if filters.branch_id and branch is None:
        rows = rows.none()
    if filters.customer_id:
        rows = rows.filter(customer=filters.customer_id)
    rows = narrowing.narrow(rows, chosen, branch=branch)
    return rest.page(rows, filters, ("-requested_at", "-pk"), _show)


@inquiries.post(
    "/inquiries",
    scope="inquiries:write",
    answer=InquiryOut,
    status=202,
    summary="Consulta um CPF ou CNPJ no birô (é cobrado)",
    links={"inquiry_get": ("id", "$response.body#/id")},
)
def inquiry_ask(request: Request, payload: InquiryIn, response: HttpResponse) -> Any:
    """A resposta vem depois: acompanhe pelo endereço em Location. Quem pergunta o que já está
    sendo perguntado recebe a mesma consulta, paga uma vez."""
    actor = request.user
    branch = get_object_or_404(branches_visible(actor), pk=payload.branch_id)
    about: dict[str, Any] = {}
    for name, rows in (
        ("customer", customers_visible(actor)),
        ("lead", leads_visible(actor)),
        ("prospect", prospects_visible(actor)),
    ):
        if key := getattr(payload, f"{name}_id"):
            about[name] = get_object_or_404(rows.filter(branch=branch), pk=key)
    if len(about) > 1:
        raise rest.Problem(
            "refused", "A consulta é sobre um cadastro só. Nada foi consultado nem cobrado."
        )
    asked = inquiry_request(
        actor=actor,
        branch=branch,
        document=payload.document,
        product_code=payload.product_code,
        purpose=payload.purpose,
        repeat_reason=payload.repeat_reason,
        **about,
    )
    asked = inquiries_visible(actor).get(pk=asked.pk)
    response["Location"] = reverse("api-v1:inquiry_get", args=[asked.pk])
    return _show(asked)


@inquiries.get(
    "/inquiries/{id}",
    scope="inquiries:read",
    answer=InquiryOut,
    summary="Mostra uma consulta com o resultado e a decisão",
    links={"inquiry_decide": ("id", "$response.body#/id")},
)
def inquiry_get(request: Request, id: rest.Id) -> Any:
    return _show(get_object_or_404(inquiries_visible(request.user), pk=id), whole=True)


@inquiries.post(
    "/inquiries/{id}/decision",
    scope="inquiries:write",
    answer=InquiryOut,
    summary="Decide no lugar da política de crédito",
)
def inquiry_decide(request: Request, id: rest.Id, payload: OverrideIn) -> Any:
    found = get_object_or_404(inquiries_visible(request.user), pk=id)
    require(request.user, Permission.OVERRIDE_DECISION, branch_id=found.branch_id)
    if found.status != Inquiry.Status.ANSWERED:
        raise rest.Problem(
            "refused", "Esta consulta não tem resposta, e sem ela não há o que decidir. Nada mudou."
        )
    decision_override(inquiry=found, actor=request.user, **payload.model_dump())
    return _show(inquiries_visible(request.user).get(pk=id), whole=True)
