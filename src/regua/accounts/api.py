"""Branches over the API."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from ninja import Query, Schema
from pydantic import Field

from regua.accounts.requests import Request
from regua.accounts.selectors import branches_visible
from regua.organization.models import Branch
from regua.web import rest

branches = rest.Resource("Filiais")


class BranchOut(Schema):
    id: int
    name: str = Field(examples=["Centro"])
    document: str = Field(description="CNPJ.", examples=["11222333000181"])
    city: str
    state: str


def _show(branch: Branch) -> BranchOut:
    return BranchOut.model_validate(branch, from_attributes=True)


@branches.get(
    "/branches",
    scope="branches:read",
    answer=rest.Page[BranchOut],
    summary="Lista as filiais do token",
    links={"branch_get": ("id", "$response.body#/items/0/id")},
)
def branch_list(request: Request, paging: Query[rest.Paging]) -> Any:
    return rest.page(branches_visible(request.user), paging, ("name", "pk"), _show)


@branches.get(
    "/branches/{id}", scope="branches:read", answer=BranchOut, summary="Mostra uma filial"
)
def branch_get(request: Request, id: rest.Id) -> Any:
    return _show(get_object_or_404(branches_visible(request.user), pk=id))
