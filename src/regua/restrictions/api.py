"""Listings, the gate, removals and their deadlines over the API."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.compliance.selectors import Finding, evaluate
from regua.documents import parse
from regua.organization.models import Branch
from regua.receivables.selectors import receivables_visible
from regua.restrictions import approvals, filters, selectors, services
from regua.restrictions.api_schemas import (
    DutyFilter,
    DutyOut,
    EventOut,
    FindingOut,
    GateAnswer,
    GateOut,
    ReasonIn,
    RemovalIn,
    RestrictionDetail,
    RestrictionFilter,
    RestrictionIn,
    RestrictionOut,
)
from regua.restrictions.choices import AT_BUREAU, DutyCause, Source, Status
from regua.restrictions.deadlines import Deadline, deadlines, duties_open
from regua.restrictions.models import Restriction, RestrictionEvent
from regua.web import rest

restrictions = rest.Resource("Negativações")

_SAME = (
    *("id", "branch_id", "customer_id", "receivable_id", "status", "form", "problem"),
    *("restriction_code", "contract_number", "our_number", "amount", "fine", "interest"),
    *("due_date", "protocol", "requested_at", "sent_at", "notified_on", "visible_on"),
    *("removal_reason", "removal_requested_at", "removed_on"),
)


def _values(row: Restriction) -> dict[str, Any]:
    return {
        "debtor_name": row.debtor["name"],
        "debtor_document_masked": parse(row.debtor["document"]).masked,
        "awaiting_approval": row.awaits_approval,
        "unsettled": row.is_unsettled,
        "requested_by": row.requested_by.name if row.requested_by else None,
        **{name: getattr(row, name) for name in _SAME},
    }


def _show(row: Restriction) -> RestrictionOut:
    return RestrictionOut(**_values(row))


def _detail(row: Restriction) -> RestrictionDetail:
    return RestrictionDetail(
        gate=[GateAnswer(rule=rule, state=state) for rule, state in row.gate or ()],
        events=[_event(event) for event in row.events.select_related("actor")],
        **_values(row),
    )


def _event(event: RestrictionEvent) -> EventOut:
    return EventOut(
        at=event.at,
        status=Status(event.status),
        source=Source(event.source),
        actor=event.actor.name if event.actor else None,
        text=event.text,
    )


def _visible(request: Request) -> Any:
    return selectors.restrictions_visible(request.user).select_related("requested_by")


def _found(request: Request, id: int) -> Restriction:
    found: Restriction = get_object_or_404(_visible(request), pk=id)
    return found


@restrictions.get(
    "/restrictions",
    scope="restrictions:read",
    answer=rest.Page[RestrictionOut],
    summary="Lista as negativações",
    links={"restriction_get": ("id", "$response.body#/items/0/id")},
)
def restriction_list(request: Request, asked: Query[RestrictionFilter]) -> Any:
    actor = request.user
    require(actor, Permission.VIEW_RESTRICTIONS)
    rows = _visible(request)
    if asked.q:
        rows = selectors.search(rows, asked.q.replace("\x00", ""), actor=actor)
    for name in ("customer_id", "receivable_id"):
        if key := getattr(asked, name):
            rows = rows.filter(**{name: key})
    branch = Branch.objects.filter(pk=asked.branch_id).first() if asked.branch_id else None
    if asked.branch_id and branch is None:
        rows = rows.none()
    chosen = asked.model_dump(
        include={
            *("status", "form", "about", "since", "until"),
            *("removal_reason", "minimum", "maximum"),
        },
        exclude_none=True,
    )
    rows, _ = filters.search(rows, chosen, branch=branch, actor=actor)
    return rest.page(rows, asked, ("-pk",), _show)


@restrictions.get(
    "/restrictions/{id}",
    scope="restrictions:read",
    answer=RestrictionDetail,
    summary="Mostra uma negativação, com a verificação legal e o que aconteceu",
    links={
        "removal_request": ("id", "$response.body#/id"),
        "restriction_cancel": ("id", "$response.body#/id"),
    },
)
def restriction_get(request: Request, id: rest.Id) -> Any:
    return _detail(_found(request, id))


@restrictions.get(
    "/receivables/{id}/gate",
    scope="restrictions:read",
    answer=GateOut,
    summary="Diz se um título pode ser negativado, regra por regra",
)
def receivable_gate(request: Request, id: rest.Id) -> Any:
    """Nada é pedido nem gravado."""
    require(request.user, Permission.VIEW_RESTRICTIONS)
    debt = get_object_or_404(receivables_visible(request.user), pk=id)
    findings = evaluate([debt.pk])[debt.pk]
    live = selectors.live_by_receivable([debt.pk]).get(debt.pk)
    return GateOut(
        receivable_id=debt.pk,
        can_list=live is None and not any(finding.blocks for finding in findings),
        listed_as=live.pk if live else None,
        findings=[_finding(finding) for finding in findings],
    )


def _finding(finding: Finding) -> FindingOut:
    rule = finding.rule
    return FindingOut(
        rule=rule.code,
        state=finding.state,
        sentence=rule.title if finding.passed else rule.failure,
        citation=rule.citation,
        blocks=finding.blocks,
        opens_on=finding.opens_on,
    )


@restrictions.post(
    "/restrictions",
    scope="restrictions:write",
    answer=list[RestrictionOut],
    status=202,
    summary="Negativa títulos",
    links={"restriction_get": ("id", "$response.body#/0/id")},
)
def restriction_request(request: Request, payload: RestrictionIn) -> Any:
    """Passa pela verificação legal e sai para o birô em segundos; acima dos limites dos Parâmetros
    gerais, espera a aprovação de outra pessoa."""
    keys = set(payload.receivable_ids)
    debts = list(receivables_visible(request.user).filter(pk__in=keys))
    if len(debts) < len(keys):
        missing = sorted(keys - {debt.pk for debt in debts})
        raise rest.Problem(
            "not_found",
            "Nem todos os títulos existem nas filiais deste token. Nada foi enviado.",
            errors=[("receivable_ids", f"O título {key} não foi encontrado.") for key in missing],
        )
    created = services.restrictions_request(
        receivables=debts, actor=request.user, restriction_code=payload.restriction_code
    )
    rows = _visible(request).filter(pk__in=[row.pk for row in created]).order_by("pk")
    return [_show(row) for row in rows]


@restrictions.post(
    "/restrictions/{id}/cancellation",
    scope="restrictions:write",
    answer=RestrictionDetail,
    summary="Cancela um pedido que ainda não saiu",
)
def restriction_cancel(request: Request, id: rest.Id) -> Any:
    services.restriction_cancel(restriction=_found(request, id), actor=request.user)
    return _detail(_found(request, id))


@restrictions.post(
    "/restrictions/{id}/removal",
    scope="restrictions:write",
    answer=RestrictionDetail,
    status=202,
    summary="Pede a baixa de uma negativação",
)
def removal_request(request: Request, id: rest.Id, payload: RemovalIn) -> Any:
    if payload.told_on and payload.told_on > timezone.localdate():
        raise rest.Problem(
            "refused",
            "A data está no futuro. Nada foi enviado.",
            errors=[("told_on", "Escreva o dia em que soubemos.")],
        )
    services.removal_request(
        restriction=_found(request, id),
        actor=request.user,
        reason=payload.reason,
        told_on=payload.told_on,
    )
    return _detail(_found(request, id))


@restrictions.post(
    "/restrictions/{id}/approval",
    scope="restrictions:approve",
    answer=RestrictionDetail,
    status=202,
    summary="Aprova uma negativação que outra pessoa pediu",
)
def restriction_approve(request: Request, id: rest.Id) -> Any:
    approvals.restriction_approve(restriction=_found(request, id), actor=request.user)
    return _detail(_found(request, id))


@restrictions.post(
    "/restrictions/{id}/rejection",
    scope="restrictions:approve",
    answer=RestrictionDetail,
    summary="Rejeita uma negativação que outra pessoa pediu",
)
def restriction_reject(request: Request, id: rest.Id, payload: ReasonIn) -> Any:
    approvals.restriction_reject(
        restriction=_found(request, id), actor=request.user, reason=payload.reason
    )
    return _detail(_found(request, id))


@restrictions.get(
    "/removal-deadlines",
    scope="restrictions:read",
    answer=rest.Page[DutyOut],
    summary="Lista o que precisa sair do birô, o mais urgente primeiro",
    links={"restriction_get": ("id", "$response.body#/items/0/restriction_id")},
)
def removal_deadline_list(request: Request, asked: Query[DutyFilter]) -> Any:
    require(request.user, Permission.VIEW_RESTRICTIONS)
    rows, today = duties_open(request.user), timezone.localdate()
    if asked.branch_id:
        rows = rows.filter(branch=asked.branch_id)
    if asked.cause:
        rows = rows.filter(cause=asked.cause)
    match asked.situation:
        case "to_ask":
            rows = rows.filter(restriction__status__in=AT_BUREAU)
        case "late":
            rows = rows.filter(due_on__lt=today)
        case "today":
            rows = rows.filter(due_on=today)
        case "later":
            rows = rows.filter(due_on__gt=today)
        case "asked":
            rows = rows.filter(restriction__status__in=[Status.REMOVAL_QUEUED, Status.REMOVAL_SENT])
    page = rest.keyset_page(rows, asked, ("due_on", "pk"))
    return {"items": [_duty(d) for d in deadlines(page)], "next_cursor": page.next_cursor}


def _duty(deadline: Deadline) -> DutyOut:
    duty = deadline.duty
    return DutyOut(
        id=duty.pk,
        restriction_id=duty.restriction_id,
        branch_id=duty.branch_id,
        customer_id=duty.restriction.customer_id,
        receivable_id=duty.restriction.receivable_id,
        cause=DutyCause(duty.cause),
        starts_on=duty.starts_on,
        due_on=duty.due_on,
        business_days_left=deadline.left,
        restriction_status=Status(duty.restriction.status),
    )
