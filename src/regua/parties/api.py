"""Customers over the API."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Schema

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.accounts.selectors import branches_visible
from regua.parties import selectors, services
from regua.parties.api_schemas import (
    CustomerFilter,
    CustomerIn,
    CustomerOut,
    CustomerPatch,
    DocumentOut,
    customer_out,
    fields_of,
    narrowed,
)
from regua.parties.models import Customer, CustomerGroup
from regua.parties.panels import allowed, customer_panels
from regua.web import rest

NOTHING = "nada"

customers = rest.Resource("Clientes")


@customers.get(
    "/customers",
    scope="parties:read",
    answer=rest.Page[CustomerOut],
    summary="Lista os clientes",
    links={"customer_get": ("id", "$response.body#/items/0/id")},
)
def customer_list(request: Request, filters: Query[CustomerFilter]) -> Any:
    require(request.user, Permission.VIEW_PARTIES)
    rows = narrowed(selectors.customers_visible(request.user), filters)
    if filters.active is not None:
        rows = rows.filter(active=filters.active)
    if filters.situation:
        rows = _in_situation(rows, filters.situation, request)
    return rest.page(rows, filters, ("search_name", "pk"), customer_out)


def _in_situation(rows: QuerySet[Customer], chosen: str, request: Request) -> QuerySet[Customer]:
    situations = {
        s.value: s for s in customer_panels.situations if allowed(request.user, s.permission)
    }
    if chosen == NOTHING:
        for situation in situations.values():
            rows = rows.exclude(situation.condition(request.user))
        return rows
    if chosen not in situations:
        raise ValidationError({"situation": f"Use um destes: {', '.join([*situations, NOTHING])}."})
    return rows.filter(situations[chosen].condition(request.user))


@customers.post(
    "/customers",
    scope="parties:write",
    answer=CustomerOut,
    status=201,
    summary="Cadastra um cliente",
    links={
        "customer_get": ("id", "$response.body#/id"),
        "customer_update": ("id", "$response.body#/id"),
        "customer_document": ("id", "$response.body#/id"),
    },
)
def customer_create(request: Request, payload: CustomerIn, response: HttpResponse) -> Any:
    branch = get_object_or_404(branches_visible(request.user), pk=payload.branch_id)
    created = services.customer_create(branch=branch, actor=request.user, **fields_of(payload))
    return rest.tagged(response, customer_out(created))


@customers.get(
    "/customers/{id}",
    scope="parties:read",
    answer=CustomerOut,
    summary="Mostra um cliente",
    links={"customer_update": ("id", "$response.body#/id")},
)
def customer_get(request: Request, id: rest.Id, response: HttpResponse) -> Any:
    found = get_object_or_404(selectors.customers_visible(request.user), pk=id)
    return rest.tagged(response, customer_out(found))


@customers.patch(
    "/customers/{id}", scope="parties:write", answer=CustomerOut, summary="Altera um cliente"
)
def customer_update(
    request: Request, id: rest.Id, payload: CustomerPatch, response: HttpResponse
) -> Any:
    with transaction.atomic():
        found = selectors.customers_visible(request.user).select_for_update(of=["self"])
        customer = get_object_or_404(found, pk=id)
        rest.require_match(request, customer_out(customer))
        changed = services.customer_update(
            customer=customer, actor=request.user, **fields_of(payload, document=customer.document)
        )
    return rest.tagged(response, customer_out(changed))


@customers.post(
    "/customers/{id}/document",
    scope="documents:read",
    answer=DocumentOut,
    summary="Mostra o CPF ou CNPJ de um cliente por inteiro; fica registrado quem viu",
)
def customer_document(request: Request, id: rest.Id) -> Any:
    found = get_object_or_404(selectors.customers_visible(request.user), pk=id)
    return DocumentOut(document=services.document_reveal(party=found, actor=request.user))


class GroupOut(Schema):
    id: int
    name: str


@customers.get(
    "/customer-groups",
    scope="dunning:read",
    answer=rest.Page[GroupOut],
    summary="Lista os grupos de clientes",
)
def customer_group_list(request: Request, paging: Query[rest.Paging]) -> Any:
    require(request.user, Permission.VIEW_DUNNING)
    return rest.page(CustomerGroup.objects.all(), paging, ("name",), _group)


def _group(group: CustomerGroup) -> GroupOut:
    return GroupOut(id=group.pk, name=group.name)
