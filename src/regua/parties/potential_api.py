"""Leads and prospects over the API."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Schema
from pydantic import Field

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.accounts.selectors import branches_visible
from regua.parties import selectors, services
from regua.parties.api_schemas import (
    CustomerOut,
    DocumentOut,
    PotentialFilter,
    PotentialIn,
    PotentialOut,
    PotentialPatch,
    customer_out,
    fields_of,
    narrowed,
    potential_out,
)
from regua.parties.models import Customer, Lead, Prospect
from regua.web import rest

leads = rest.Resource("Leads")
prospects = rest.Resource("Prospecções")


def _potentials(rows: QuerySet[Any], filters: PotentialFilter) -> Any:
    rows = narrowed(rows, filters)
    if filters.situation != "all":
        rows = rows.filter(converted_at__isnull=filters.situation == "open")
    return rest.page(rows, filters, ("search_name", "pk"), potential_out)


def _create(request: Request, kind: Any, payload: PotentialIn, response: HttpResponse) -> Schema:
    branch = get_object_or_404(branches_visible(request.user), pk=payload.branch_id)
    created = services.potential_create(
        kind=kind, branch=branch, actor=request.user, **fields_of(payload)
    )
    return rest.tagged(response, potential_out(created))


def _update(
    request: Request, rows: QuerySet[Any], id: int, payload: PotentialPatch, response: HttpResponse
) -> Schema:
    with transaction.atomic():
        party = get_object_or_404(rows.select_for_update(of=["self"]), pk=id)
        rest.require_match(request, potential_out(party))
        changed = services.potential_update(
            party=party,
            actor=request.user,
            **fields_of(payload, document=party.document),
        )
    return rest.tagged(response, potential_out(changed))


@leads.get(
    "/leads",
    scope="parties:read",
    answer=rest.Page[PotentialOut],
    summary="Lista os leads",
    links={"lead_get": ("id", "$response.body#/items/0/id")},
)
def lead_list(request: Request, filters: Query[PotentialFilter]) -> Any:
    require(request.user, Permission.VIEW_PARTIES)
    return _potentials(selectors.leads_visible(request.user), filters)


@leads.post(
    "/leads",
    scope="parties:write",
    answer=PotentialOut,
    status=201,
    summary="Cadastra um lead",
    links={
        "lead_get": ("id", "$response.body#/id"),
        "lead_update": ("id", "$response.body#/id"),
        "lead_convert": ("id", "$response.body#/id"),
    },
)
def lead_create(request: Request, payload: PotentialIn, response: HttpResponse) -> Any:
    return _create(request, Lead, payload, response)


@leads.get("/leads/{id}", scope="parties:read", answer=PotentialOut, summary="Mostra um lead")
def lead_get(request: Request, id: rest.Id, response: HttpResponse) -> Any:
    found = get_object_or_404(selectors.leads_visible(request.user), pk=id)
    return rest.tagged(response, potential_out(found))


@leads.patch("/leads/{id}", scope="parties:write", answer=PotentialOut, summary="Altera um lead")
def lead_update(
    request: Request, id: rest.Id, payload: PotentialPatch, response: HttpResponse
) -> Any:
    return _update(request, selectors.leads_visible(request.user), id, payload, response)


@leads.post(
    "/leads/{id}/document",
    scope="documents:read",
    answer=DocumentOut,
    summary="Mostra o CPF ou CNPJ de um lead por inteiro; fica registrado quem viu",
)
def lead_document(request: Request, id: rest.Id) -> Any:
    found = get_object_or_404(selectors.leads_visible(request.user), pk=id)
    return DocumentOut(document=services.document_reveal(party=found, actor=request.user))


@leads.post(
    "/leads/{id}/conversion",
    scope="parties:write",
    answer=PotentialOut,
    summary="Converte um lead em prospecção",
    links={"prospect_get": ("id", "$response.body#/id")},
)
def lead_convert(request: Request, id: rest.Id) -> Any:
    """A resposta é a prospecção; de um lead já convertido, a que ele virou."""
    lead = get_object_or_404(selectors.leads_visible(request.user), pk=id)
    return potential_out(services.lead_convert(lead=lead, actor=request.user))


@prospects.get(
    "/prospects",
    scope="parties:read",
    answer=rest.Page[PotentialOut],
    summary="Lista as prospecções",
    links={"prospect_get": ("id", "$response.body#/items/0/id")},
)
def prospect_list(request: Request, filters: Query[PotentialFilter]) -> Any:
    require(request.user, Permission.VIEW_PARTIES)
    return _potentials(selectors.prospects_visible(request.user), filters)


@prospects.post(
    "/prospects",
    scope="parties:write",
    answer=PotentialOut,
    status=201,
    summary="Cadastra uma prospecção",
    links={
        "prospect_get": ("id", "$response.body#/id"),
        "prospect_update": ("id", "$response.body#/id"),
        "prospect_convert": ("id", "$response.body#/id"),
    },
)
def prospect_create(request: Request, payload: PotentialIn, response: HttpResponse) -> Any:
    return _create(request, Prospect, payload, response)


@prospects.get(
    "/prospects/{id}", scope="parties:read", answer=PotentialOut, summary="Mostra uma prospecção"
)
def prospect_get(request: Request, id: rest.Id, response: HttpResponse) -> Any:
    found = get_object_or_404(selectors.prospects_visible(request.user), pk=id)
    return rest.tagged(response, potential_out(found))


@prospects.patch(
    "/prospects/{id}",
    scope="parties:write",
    answer=PotentialOut,
    summary="Altera uma prospecção",
)
def prospect_update(
    request: Request, id: rest.Id, payload: PotentialPatch, response: HttpResponse
) -> Any:
    return _update(request, selectors.prospects_visible(request.user), id, payload, response)


@prospects.post(
    "/prospects/{id}/document",
    scope="documents:read",
    answer=DocumentOut,
    summary="Mostra o CPF ou CNPJ de uma prospecção por inteiro; fica registrado quem viu",
)
def prospect_document(request: Request, id: rest.Id) -> Any:
    found = get_object_or_404(selectors.prospects_visible(request.user), pk=id)
    return DocumentOut(document=services.document_reveal(party=found, actor=request.user))


class ConversionIn(rest.In):
    join_id: rest.Key | None = Field(
        None,
        description="O cliente da filial com o mesmo documento, se for a mesma pessoa.",
    )


@prospects.post(
    "/prospects/{id}/conversion",
    scope="parties:write",
    answer=CustomerOut,
    summary="Converte uma prospecção em cliente",
    links={"customer_get": ("id", "$response.body#/id")},
)
def prospect_convert(request: Request, id: rest.Id, payload: ConversionIn) -> Any:
    """A resposta é o cliente; de uma prospecção já convertida, o que ela virou."""
    prospect = get_object_or_404(selectors.prospects_visible(request.user), pk=id)
    join = None
    if payload.join_id:
        join = get_object_or_404(
            Customer.objects.filter(branch_id=prospect.branch_id), pk=payload.join_id
        )
    return customer_out(services.prospect_convert(prospect=prospect, actor=request.user, join=join))
