"""Contests and court orders over the API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.shortcuts import get_object_or_404
from ninja import Query, Schema
from pydantic import Field

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.receivables.impediments import impediments_visible
from regua.receivables.models import Impediment
from regua.receivables.selectors import receivables_visible
from regua.restrictions import midlife
from regua.web import rest

impediments = rest.Resource("Contestações e ordens judiciais")


class ImpedimentOut(Schema):
    id: int
    receivable_id: int
    kind: Impediment.Kind
    told_on: date
    text: str
    opened_by: str | None
    opened_at: datetime
    outcome: str
    decision: str
    closed_at: datetime | None


class ImpedimentFilter(rest.Paging):
    receivable_id: rest.Key | None = None
    open: bool | None = None


class ImpedimentIn(rest.In):
    told_on: rest.Day = Field(examples=["2026-11-20"])
    text: rest.Text = Field(min_length=1, max_length=2000, examples=["Diz que não assinou"])


class DecisionIn(rest.In):
    outcome: Impediment.Outcome
    decision: rest.Text = Field(min_length=1, max_length=2000, examples=["A assinatura confere"])


def _impediment(row: Impediment) -> ImpedimentOut:
    same = (
        *("id", "receivable_id", "kind", "told_on", "text", "opened_at", "outcome", "decision"),
        "closed_at",
    )
    return ImpedimentOut(
        opened_by=row.opened_by.name if row.opened_by else None,
        **{name: getattr(row, name) for name in same},
    )


@impediments.get(
    "/impediments",
    scope="receivables:read",
    answer=rest.Page[ImpedimentOut],
    summary="Lista contestações e ordens judiciais",
    links={"impediment_get": ("id", "$response.body#/items/0/id")},
)
def impediment_list(request: Request, asked: Query[ImpedimentFilter]) -> Any:
    require(request.user, Permission.VIEW_RECEIVABLES)
    rows = impediments_visible(request.user)
    if asked.receivable_id:
        rows = rows.filter(receivable=asked.receivable_id)
    if asked.open is not None:
        rows = rows.filter(closed_at__isnull=asked.open)
    return rest.page(rows, asked, ("-pk",), _impediment)


@impediments.get(
    "/impediments/{id}",
    scope="receivables:read",
    answer=ImpedimentOut,
    summary="Mostra uma contestação ou ordem judicial",
    links={"impediment_decide": ("id", "$response.body#/id")},
)
def impediment_get(request: Request, id: rest.Id) -> Any:
    return _impediment(get_object_or_404(impediments_visible(request.user), pk=id))


def _open(request: Request, id: int, payload: ImpedimentIn, act: Any) -> ImpedimentOut:
    debt = get_object_or_404(receivables_visible(request.user), pk=id)
    opened = act(receivable=debt, actor=request.user, **payload.model_dump())
    return _impediment(opened)


@impediments.post(
    "/receivables/{id}/contests",
    scope="receivables:write",
    answer=ImpedimentOut,
    status=201,
    summary="Anota que o cliente contesta um título",
    links={"impediment_get": ("id", "$response.body#/id")},
)
def contest_open(request: Request, id: rest.Id, payload: ImpedimentIn) -> Any:
    """Cobrança e negativação param até a decisão (CDC, art. 54-G)."""
    return _open(request, id, payload, midlife.contest_open)


@impediments.post(
    "/receivables/{id}/court-orders",
    scope="receivables:write",
    answer=ImpedimentOut,
    status=201,
    summary="Anota uma ordem judicial contra a negativação de um título",
    links={"impediment_get": ("id", "$response.body#/id")},
)
def court_order_open(request: Request, id: rest.Id, payload: ImpedimentIn) -> Any:
    """A baixa é pedida agora, e o título não pode ser negativado enquanto a ordem valer."""
    return _open(request, id, payload, midlife.court_order_open)


@impediments.post(
    "/impediments/{id}/decision",
    scope="receivables:write",
    answer=ImpedimentOut,
    summary="Decide uma contestação, ou encerra uma ordem revogada",
)
def impediment_decide(request: Request, id: rest.Id, payload: DecisionIn) -> Any:
    found = get_object_or_404(impediments_visible(request.user), pk=id)
    decided = midlife.impediment_decide(
        impediment=found, actor=request.user, **payload.model_dump()
    )
    return _impediment(decided)
