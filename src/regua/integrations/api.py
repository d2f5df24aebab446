"""Integrations over the API: everything but their secrets."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.shortcuts import get_object_or_404
from ninja import Query, Schema
from pydantic import Field

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.integrations.choices import CodeKind, Environment, PersonKind
from regua.integrations.models import Integration
from regua.integrations.selectors import (
    automatic_obstacles,
    integrations_listed,
    lost_codes,
    reason_codes_of,
)
from regua.integrations.services import catalogue_sync, connection_test
from regua.integrations.vault import VaultError
from regua.web import rest

integrations = rest.Resource("Integrações")


class IntegrationOut(Schema):
    id: int
    branch_id: int
    provider: str = Field(examples=["credito_na_medida"])
    environment: Environment
    linked_at: datetime | None
    automatic: bool
    restriction_code: str
    company_restriction_code: str
    removal_code: str
    lost_codes: list[str] = Field(description="Códigos escolhidos que o birô não oferece mais.")
    calls_per_second: int
    listing_price: Decimal | None
    codes_synced_at: datetime | None
    last_sync_at: datetime | None
    problem: str


class SoldOut(Schema):
    code: str
    name: str
    person_kind: PersonKind
    price: Decimal


class CodeOut(Schema):
    kind: CodeKind
    code: str
    description: str
    person_kind: PersonKind
    reason: str
    bureau_only: bool


class IntegrationDetail(IntegrationOut):
    automatic_obstacles: list[str] = Field(
        description="Por que nada é negativado sozinho; vazia se tudo está pronto."
    )
    products: list[SoldOut]
    codes: list[CodeOut]


class CheckOut(Schema):
    ok: bool
    problem: str
    warning: str
    products: int


class RefreshOut(Schema):
    products: int
    restriction_codes: int
    removal_codes: int
    changes: int = Field(description="Linhas que vieram, mudaram ou sumiram.")


class IntegrationFilter(rest.Paging):
    branch_id: rest.Key | None = None


def _values(row: Integration) -> dict[str, Any]:
    return {
        "lost_codes": list(lost_codes(row).values()),
        **{
            name: getattr(row, name) for name in IntegrationOut.model_fields if name != "lost_codes"
        },
    }


def _show(row: Integration) -> IntegrationOut:
    return IntegrationOut(**_values(row))


def _found(request: Request, id: int) -> Integration:
    return get_object_or_404(integrations_listed(request.user), pk=id)


@integrations.get(
    "/integrations",
    scope="integrations:read",
    answer=rest.Page[IntegrationOut],
    summary="Lista as integrações com birôs",
    links={"integration_get": ("id", "$response.body#/items/0/id")},
)
def integration_list(request: Request, asked: Query[IntegrationFilter]) -> Any:
    require(request.user, Permission.VIEW_INTEGRATIONS)
    rows = integrations_listed(request.user)
    if asked.branch_id:
        rows = rows.filter(branch=asked.branch_id)
    return rest.page(rows, asked, ("pk",), _show)


@integrations.get(
    "/integrations/{id}",
    scope="integrations:read",
    answer=IntegrationDetail,
    summary="Mostra uma integração, com produtos e códigos do birô",
)
def integration_get(request: Request, id: rest.Id) -> Any:
    row = _found(request, id)
    return IntegrationDetail(
        automatic_obstacles=list(automatic_obstacles(row).values()),
        products=[
            SoldOut.model_validate(product, from_attributes=True)
            for product in row.products.filter(gone_at=None)
        ],
        codes=[
            CodeOut.model_validate(code, from_attributes=True)
            for code in reason_codes_of(row)
            if code.gone_at is None
        ],
        **_values(row),
    )


@integrations.post(
    "/integrations/{id}/connection-test",
    scope="integrations:write",
    answer=CheckOut,
    summary="Testa as credenciais no birô; nada é cobrado",
    calls_out=True,
)
def integration_check(request: Request, id: rest.Id) -> Any:
    try:
        check = connection_test(integration=_found(request, id), actor=request.user)
    except VaultError as error:
        raise rest.Problem("bureau_failed", str(error)) from None
    return CheckOut(
        ok=not check.problem,
        problem=check.problem,
        warning=check.warning,
        products=check.products,
    )


@integrations.post(
    "/integrations/{id}/codes-refresh",
    scope="integrations:write",
    answer=RefreshOut,
    summary="Atualiza produtos e códigos do birô",
    calls_out=True,
)
def integration_codes_refresh(request: Request, id: rest.Id) -> Any:
    try:
        diff = catalogue_sync(integration=_found(request, id), actor=request.user)
    except (VaultError, LookupError) as error:
        raise rest.Problem("bureau_failed", str(error)) from None
    return RefreshOut(
        products=diff.products,
        restriction_codes=diff.restriction_codes,
        removal_codes=diff.removal_codes,
        changes=len(diff.changes),
    )
