"""Runs of the régua and what they hold back over the API."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.shortcuts import get_object_or_404
from ninja import Query, Schema
from pydantic import Field

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.accounts.selectors import branches_visible
from regua.dunning import run_selectors, services
from regua.dunning.choices import Action, RunState
from regua.dunning.models import DunningHold, DunningItem, DunningRun
from regua.dunning.reasons import sentence
from regua.dunning.run_sums import Amounts, plan_of, sums_of
from regua.dunning.selectors import runs_visible
from regua.web import rest

runs = rest.Resource("Execuções da régua")


class RunIn(rest.In):
    branch_id: rest.Key


class ApprovalIn(rest.In):
    fingerprint: rest.Text = Field(
        min_length=1,
        max_length=200,
        description="O da execução como foi vista: se a simulação mudou, nada é aprovado.",
    )


class ExclusionIn(rest.In):
    step_ids: list[rest.Key] = Field(
        [], max_length=100, description="Passos inteiros.", examples=[[12]]
    )
    item_ids: list[rest.Key] = Field(
        [], max_length=rest.MAX_PAGE, description="Títulos: o `id` deles na lista da execução."
    )
    back: bool = Field(False, description="Põe de volta, em vez de tirar.")


class RunOut(Schema):
    id: int
    branch_id: int
    day: date
    scheduled: bool
    state: RunState
    needs_approval: bool
    requested_by: str | None = Field(description="Nulo: a diária.")
    requested_at: datetime
    simulated_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    finished_at: datetime | None
    problem: str


class AmountsOut(Schema):
    count: int
    amount: Decimal = Field(description="Em aberto, em reais.")
    cost: Decimal = Field(description="Das mensagens e negativações, em reais.")


class StepOut(Schema):
    step_id: int
    name: str
    action: Action
    when: str = Field(examples=["5 dias depois do vencimento"])
    found: AmountsOut
    left_out: AmountsOut = Field(description="Tirado por uma pessoa antes de aprovar.")
    taken: int = Field(description="Passos já dados.")


class ReasonOut(Schema):
    code: str
    sentence: str
    count: int


class RunDetail(RunOut):
    fingerprint: str = Field(description="Para aprovar o que foi visto.")
    steps: list[StepOut]
    held: list[ReasonOut] = Field(description="Por que títulos ficaram retidos.")


class ItemOut(Schema):
    id: int
    receivable_id: int
    customer_id: int
    step_id: int
    amount: Decimal
    cost: Decimal
    note: str = Field(description="Por que o passo é dado sem a mensagem ou a negativação.")
    left_out: bool


class HoldOut(Schema):
    receivable_id: int
    branch_id: int
    customer_id: int
    step_id: int
    since: date
    reasons: list[ReasonSaid]


class ReasonSaid(Schema):
    code: str
    sentence: str


class RunFilter(rest.Paging):
    branch_id: rest.Key | None = None
    state: RunState | None = None


class ItemFilter(rest.Paging):
    step_id: rest.Key | None = None


class HoldFilter(rest.Paging):
    branch_id: rest.Key | None = None
    reason: str | None = Field(None, max_length=60)


HoldOut.model_rebuild()


def _values(run: DunningRun) -> dict[str, Any]:
    same = (
        *("id", "branch_id", "day", "scheduled", "state", "needs_approval", "requested_at"),
        *("simulated_at", "approved_at", "finished_at", "problem"),
    )
    return {
        "requested_by": run.requested_by.name if run.requested_by else None,
        "approved_by": run.approved_by.name if run.approved_by else None,
        **{name: getattr(run, name) for name in same},
    }


def _show(run: DunningRun) -> RunOut:
    return RunOut(**_values(run))


def _amounts(amounts: Amounts) -> AmountsOut:
    return AmountsOut(count=amounts.count, amount=amounts.amount, cost=amounts.cost)


def _detail(request: Request, id: int) -> RunDetail:
    run = _found(request, id)
    plan = plan_of(run, sums_of([run])[run.pk])
    return RunDetail(
        fingerprint=plan.fingerprint,
        steps=[
            StepOut(
                step_id=line.step.pk,
                name=line.step.name,
                action=Action(line.step.action),
                when=line.when,
                found=_amounts(line.found),
                left_out=_amounts(line.out),
                taken=line.taken,
            )
            for line in plan.lines
        ],
        held=[
            ReasonOut(code=line.code, sentence=line.sentence, count=line.amounts.count)
            for line in plan.reasons
        ],
        **_values(run),
    )


def _found(request: Request, id: int) -> DunningRun:
    return get_object_or_404(runs_visible(request.user), pk=id)


@runs.get(
    "/dunning-runs",
    scope="dunning:read",
    answer=rest.Page[RunOut],
    summary="Lista as execuções da régua",
    links={"dunning_run_get": ("id", "$response.body#/items/0/id")},
)
def dunning_run_list(request: Request, asked: Query[RunFilter]) -> Any:
    require(request.user, Permission.VIEW_DUNNING)
    rows = runs_visible(request.user)
    if asked.branch_id:
        rows = rows.filter(branch=asked.branch_id)
    if asked.state:
        rows = rows.filter(state=asked.state)
    return rest.page(rows, asked, ("-pk",), _show)


@runs.post(
    "/dunning-runs",
    scope="dunning:run",
    answer=RunDetail,
    status=202,
    summary="Começa uma execução com a simulação",
    links={
        "dunning_run_get": ("id", "$response.body#/id"),
        "dunning_run_cancel": ("id", "$response.body#/id"),
        "dunning_run_items": ("id", "$response.body#/id"),
    },
)
def dunning_run_start(request: Request, payload: RunIn) -> Any:
    """Nada é enviado a ninguém antes da aprovação."""
    branch = get_object_or_404(branches_visible(request.user), pk=payload.branch_id)
    run = services.run_start(branch=branch, actor=request.user)
    return _detail(request, run.pk)


@runs.get(
    "/dunning-runs/{id}",
    scope="dunning:read",
    answer=RunDetail,
    summary="Mostra uma execução: o que faria ou fez, e o que ficou retido",
    links={"dunning_run_items": ("id", "$response.body#/id")},
)
def dunning_run_get(request: Request, id: rest.Id) -> Any:
    return _detail(request, id)


@runs.get(
    "/dunning-runs/{id}/items",
    scope="dunning:read",
    answer=rest.Page[ItemOut],
    summary="Lista os títulos de uma execução, com o passo de cada um",
)
def dunning_run_items(request: Request, id: rest.Id, asked: Query[ItemFilter]) -> Any:
    rows = run_selectors.items_of(_found(request, id), step_id=asked.step_id)
    return rest.page(rows, asked, ("pk",), _item)


def _item(row: DunningItem) -> ItemOut:
    return ItemOut(
        id=row.pk,
        receivable_id=row.receivable_id,
        customer_id=row.receivable.customer_id,
        step_id=row.step_id,
        amount=row.amount,
        cost=row.cost,
        note=sentence(row.note) if row.note else "",
        left_out=row.left_out,
    )


@runs.post(
    "/dunning-runs/{id}/approval",
    scope="dunning:approve",
    answer=RunDetail,
    status=202,
    summary="Aprova uma simulação: a execução começa",
)
def dunning_run_approve(request: Request, id: rest.Id, payload: ApprovalIn) -> Any:
    run = _found(request, id)
    plan = plan_of(run, sums_of([run])[run.pk])
    if run.state == RunState.SIMULATED and payload.fingerprint != plan.fingerprint:
        raise rest.Problem(
            "changed_meanwhile",
            "A simulação mudou desde que foi vista. Nada foi aprovado. Leia de novo e aprove.",
        )
    services.run_approve(run=run, actor=request.user)
    return _detail(request, id)


@runs.post(
    "/dunning-runs/{id}/exclusions",
    scope="dunning:approve",
    answer=RunDetail,
    summary="Tira passos ou títulos de uma simulação, ou os põe de volta",
)
def dunning_run_exclude(request: Request, id: rest.Id, payload: ExclusionIn) -> Any:
    run = _found(request, id)
    mark = services.items_take_back if payload.back else services.items_leave_out
    if not payload.step_ids and not payload.item_ids:
        raise rest.Problem("refused", "Diga quais passos ou títulos. Nada mudou.")
    mark(
        run=run,
        actor=request.user,
        step_ids=payload.step_ids or None,
        ids=payload.item_ids or None,
    )
    return _detail(request, id)


@runs.post(
    "/dunning-runs/{id}/pause",
    scope="dunning:run",
    answer=RunDetail,
    summary="Pausa uma execução depois das partes em andamento",
)
def dunning_run_pause(request: Request, id: rest.Id) -> Any:
    services.run_pause(run=_found(request, id), actor=request.user)
    return _detail(request, id)


@runs.post(
    "/dunning-runs/{id}/resumption",
    scope="dunning:run",
    answer=RunDetail,
    status=202,
    summary="Continua uma execução pausada",
)
def dunning_run_resume(request: Request, id: rest.Id) -> Any:
    services.run_resume(run=_found(request, id), actor=request.user)
    return _detail(request, id)


@runs.post(
    "/dunning-runs/{id}/cancellation",
    scope="dunning:run",
    answer=RunDetail,
    summary="Cancela uma execução; o que já foi feito fica",
)
def dunning_run_cancel(request: Request, id: rest.Id) -> Any:
    services.run_cancel(run=_found(request, id), actor=request.user)
    return _detail(request, id)


@runs.get(
    "/dunning-holds",
    scope="dunning:read",
    answer=rest.Page[HoldOut],
    summary="Lista os títulos retidos, com cada motivo",
)
def dunning_hold_list(request: Request, asked: Query[HoldFilter]) -> Any:
    require(request.user, Permission.VIEW_DUNNING)
    branches = branches_visible(request.user)
    if asked.branch_id:
        branches = branches.filter(pk=asked.branch_id)
    rows = run_selectors.holds_of(
        request.user, list(branches), reason=(asked.reason or "").replace("\x00", "")
    )
    return rest.page(rows, asked, ("-pk",), _hold)


def _hold(row: DunningHold) -> HoldOut:
    return HoldOut(
        receivable_id=row.receivable_id,
        branch_id=row.branch_id,
        customer_id=row.customer_id,
        step_id=row.step_id,
        since=row.since,
        reasons=[ReasonSaid(code=code, sentence=sentence(code)) for code in row.reasons],
    )
