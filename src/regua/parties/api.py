"""Customers, leads and prospects over the API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Schema
from pydantic import Field

from regua import documents
from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.accounts.selectors import branches_visible
from regua.parties import selectors, services
from regua.parties.forms import ONLY_PEOPLE
from regua.parties.models import Customer, CustomerGroup, Lead, Prospect
from regua.parties.panels import allowed, customer_panels
from regua.web import rest

NOTHING = "nada"

customers = rest.Resource("Clientes")
leads = rest.Resource("Leads")
prospects = rest.Resource("Prospecções")


class PartyFields(rest.In):
    sex: Literal["", "F", "M"] = Field("", description="Só pessoas.")
    birth_date: rest.Day | None = Field(None, description="Só pessoas.", examples=["1985-04-12"])
    mobile: rest.Text = Field(
        "",
        max_length=11,
        pattern=r"^([0-9]{10,11})?$",
        description="DDD e número, só algarismos.",
        examples=["11987654321"],
    )
    email: rest.Text = Field("", max_length=254, examples=["maria@exemplo.com.br"])
    postal_code: rest.Text = Field(
        "", max_length=8, pattern=r"^([0-9]{8})?$", description="CEP.", examples=["01310100"]
    )
    street: rest.Text = Field("", max_length=120, examples=["Avenida Paulista"])
    number: rest.Text = Field("", max_length=10, examples=["1000"])
    complement: rest.Text = Field("", max_length=60)
    district: rest.Text = Field("", max_length=60)
    city: rest.Text = Field("", max_length=60, examples=["São Paulo"])
    state: rest.Text = Field("", max_length=2, description="UF.", examples=["SP"])


_NAME: Any = Field(min_length=1, max_length=120, examples=["Maria Exemplo da Silva"])
_DOCUMENT: Any = Field(
    max_length=20, description="CPF ou CNPJ, com ou sem pontuação.", examples=["52998224725"]
)


class PotentialIn(PartyFields):
    branch_id: rest.Key
    name: rest.Text = _NAME
    document: rest.Text = Field("", max_length=20, description="Pode ficar para depois.")


class CustomerIn(PartyFields):
    branch_id: rest.Key
    name: rest.Text = _NAME
    document: rest.Text = _DOCUMENT
    dunned: bool = Field(True, description="Considera na cobrança automatizada.")
    group_id: rest.Key | None = None


class PotentialPatch(PartyFields):
    """Só o que vem muda."""

    name: rest.Text = Field("", min_length=1, max_length=120, examples=["Maria da Silva"])
    document: rest.Text = Field("", max_length=20)


class CustomerPatch(PartyFields):
    """Só o que vem muda."""

    name: rest.Text = Field("", min_length=1, max_length=120, examples=["Maria da Silva"])
    dunned: bool = True
    group_id: rest.Key | None = None


class PartyOut(Schema):
    id: int
    branch_id: int
    name: str
    document_masked: str = Field(examples=["***.982.247-**"])
    is_company: bool
    sex: str
    birth_date: date | None
    mobile: str
    email: str
    postal_code: str
    street: str
    number: str
    complement: str
    district: str
    city: str
    state: str
    created_at: datetime
    updated_at: datetime


class CustomerOut(PartyOut):
    active: bool
    dunned: bool
    group_id: int | None
    deceased_on: date | None


class PotentialOut(PartyOut):
    converted_at: datetime | None
    became_id: int | None = Field(
        description="A prospecção (de um lead) ou o cliente (de uma prospecção) que virou."
    )


class DocumentOut(Schema):
    document: str = Field(description="CPF ou CNPJ por inteiro; vazio se não se sabe.")


class PartyFilter(rest.Paging):
    q: str | None = Field(
        None, max_length=120, description="Começo de palavras do nome, ou um CPF ou CNPJ inteiro."
    )
    branch_id: rest.Key | None = None


class CustomerFilter(PartyFilter):
    active: bool | None = None
    situation: str | None = Field(
        None,
        max_length=40,
        description="Como na tela: `vencido`, `negativado`, `nada` (nem um nem outro)…",
    )


class PotentialFilter(PartyFilter):
    situation: Literal["open", "converted", "all"] = "open"


def _show(party: Customer) -> CustomerOut:
    return CustomerOut(document_masked=party.masked_document, **_shared(party, CustomerOut))


def _show_potential(party: Lead | Prospect) -> PotentialOut:
    became = party.prospect_id if isinstance(party, Lead) else party.customer_id
    return PotentialOut(
        document_masked=party.masked_document, became_id=became, **_shared(party, PotentialOut)
    )


def _shared(party: Any, out: type[Schema]) -> dict[str, Any]:
    return {
        name: getattr(party, name)
        for name in out.model_fields
        if name not in ("document_masked", "became_id")
    }


def _narrow(rows: QuerySet[Any], filters: PartyFilter) -> QuerySet[Any]:
    if filters.q:
        rows = selectors.search(rows, filters.q.replace("\x00", ""))
    return rows.filter(branch_id=filters.branch_id) if filters.branch_id else rows


def _fields(sent: PartyFields, *, document: str = "") -> dict[str, Any]:
    """What was sent, as the services take it; ``document`` is the one that is there. Raises
    ``ValidationError``."""
    fields = sent.model_dump(exclude_unset=True, exclude={"branch_id", "group_id"})
    if fields.get("document"):
        document = fields["document"] = _parsed(fields["document"])
    if len(document) == 14:
        problems = {name: "Uma empresa não tem." for name in ONLY_PEOPLE if fields.get(name)}
        if problems:
            raise ValidationError(problems)
    if "group_id" in sent.model_fields_set:
        key = getattr(sent, "group_id", None)
        fields["group"] = CustomerGroup.objects.filter(pk=key).first() if key else None
        if key and fields["group"] is None:
            raise ValidationError({"group_id": "Este grupo não existe."})
    return fields


def _parsed(document: str) -> str:
    try:
        return documents.parse(document).value
    except documents.InvalidDocument as error:
        raise ValidationError({"document": str(error)}) from None


# --- Customers ----------------------------------------------------------------------------------


@customers.get(
    "/customers",
    scope="parties:read",
    answer=rest.Page[CustomerOut],
    summary="Lista os clientes",
    links={"customer_get": ("id", "$response.body#/items/0/id")},
)
def customer_list(request: Request, filters: Query[CustomerFilter]) -> Any:
    require(request.user, Permission.VIEW_PARTIES)
    rows = _narrow(selectors.customers_visible(request.user), filters)
    if filters.active is not None:
        rows = rows.filter(active=filters.active)
    if filters.situation:
        rows = _in_situation(rows, filters.situation, request)
    return rest.page(rows, filters, ("search_name", "pk"), _show)


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
    created = services.customer_create(branch=branch, actor=request.user, **_fields(payload))
    return rest.tagged(response, _show(created))


@customers.get(
    "/customers/{id}",
    scope="parties:read",
    answer=CustomerOut,
    summary="Mostra um cliente",
    links={"customer_update": ("id", "$response.body#/id")},
)
def customer_get(request: Request, id: rest.Id, response: HttpResponse) -> Any:
    found = get_object_or_404(selectors.customers_visible(request.user), pk=id)
    return rest.tagged(response, _show(found))


@customers.patch(
    "/customers/{id}", scope="parties:write", answer=CustomerOut, summary="Altera um cliente"
)
def customer_update(
    request: Request, id: rest.Id, payload: CustomerPatch, response: HttpResponse
) -> Any:
    with transaction.atomic():
        found = selectors.customers_visible(request.user).select_for_update(of=["self"])
        customer = get_object_or_404(found, pk=id)
        rest.require_match(request, _show(customer))
        changed = services.customer_update(
            customer=customer, actor=request.user, **_fields(payload, document=customer.document)
        )
    return rest.tagged(response, _show(changed))


@customers.post(
    "/customers/{id}/document",
    scope="documents:read",
    answer=DocumentOut,
    summary="Mostra o CPF ou CNPJ por inteiro; fica registrado quem viu",
)
def customer_document(request: Request, id: rest.Id) -> Any:
    found = get_object_or_404(selectors.customers_visible(request.user), pk=id)
    return DocumentOut(document=services.document_reveal(party=found, actor=request.user))


# --- Leads and prospects ------------------------------------------------------------------------


def _potentials(rows: QuerySet[Any], filters: PotentialFilter) -> Any:
    rows = _narrow(rows, filters)
    if filters.situation != "all":
        rows = rows.filter(converted_at__isnull=filters.situation == "open")
    return rest.page(rows, filters, ("search_name", "pk"), _show_potential)


def _create(request: Request, kind: Any, payload: PotentialIn, response: HttpResponse) -> Schema:
    branch = get_object_or_404(branches_visible(request.user), pk=payload.branch_id)
    created = services.potential_create(
        kind=kind, branch=branch, actor=request.user, **_fields(payload)
    )
    return rest.tagged(response, _show_potential(created))


def _update(
    request: Request, rows: QuerySet[Any], id: int, payload: PotentialPatch, response: HttpResponse
) -> Schema:
    with transaction.atomic():
        party = get_object_or_404(rows.select_for_update(of=["self"]), pk=id)
        rest.require_match(request, _show_potential(party))
        changed = services.potential_update(
            party=party,
            actor=request.user,
            **_fields(payload, document=party.document),
        )
    return rest.tagged(response, _show_potential(changed))


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
    return rest.tagged(response, _show_potential(found))


@leads.patch("/leads/{id}", scope="parties:write", answer=PotentialOut, summary="Altera um lead")
def lead_update(
    request: Request, id: rest.Id, payload: PotentialPatch, response: HttpResponse
) -> Any:
    return _update(request, selectors.leads_visible(request.user), id, payload, response)


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
    return _show_potential(services.lead_convert(lead=lead, actor=request.user))


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
    return rest.tagged(response, _show_potential(found))


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
    return _show(services.prospect_convert(prospect=prospect, actor=request.user, join=join))
