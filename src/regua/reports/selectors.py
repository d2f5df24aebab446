"""What needs attention now, over all apps; and the files made of reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.inquiries.budget import Standing, standings
from regua.inquiries.models import Inquiry
from regua.inquiries.selectors import inquiries_visible
from regua.integrations.models import Integration
from regua.integrations.selectors import integrations_visible
from regua.organization.models import Branch
from regua.reports.definition import Column, Report
from regua.reports.models import ReportColumns, ReportExport, ReportExportChunk
from regua.restrictions.choices import LIVE, Status
from regua.restrictions.deadlines import DutyCounts, duties_open, duty_counts
from regua.restrictions.models import Restriction
from regua.restrictions.selectors import awaiting_approval, restrictions_visible
from regua.web.keyset import CappedCount, capped_count

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Attention:
    """The counts on the home page; None where the person may not see the subject."""

    live: CappedCount | None
    waiting: CappedCount | None
    """Queued longer than a first try: the bureau is down, busy or silent."""
    to_remove: DutyCounts | None
    refused: CappedCount | None
    to_approve: CappedCount | None
    """Asked for by others, and waiting for somebody such as this person."""
    inquiries_waiting: CappedCount | None


def attention(actor: User, branch: Branch | None) -> Attention:
    restrictions = _in(restrictions_visible(actor), branch)
    queued = restrictions.filter(status__in=[Status.QUEUED, Status.REMOVAL_QUEUED])
    asking = _in(inquiries_visible(actor), branch).filter(
        status__in=[Inquiry.Status.QUEUED, Inquiry.Status.SENT]
    )
    sees = actor.can(Permission.VIEW_RESTRICTIONS)
    sees_inquiries = actor.can(Permission.VIEW_INQUIRIES)
    return Attention(
        live=capped_count(restrictions.filter(status__in=LIVE)) if sees else None,
        waiting=capped_count(queued.exclude(problem="")) if sees else None,
        to_remove=duty_counts(_in(duties_open(actor), branch)) if sees else None,
        refused=capped_count(restrictions.filter(status=Status.REFUSED)) if sees else None,
        to_approve=capped_count(awaiting_approval(restrictions).exclude(requested_by=actor))
        if actor.can(Permission.APPROVE_RESTRICTION)
        else None,
        inquiries_waiting=capped_count(asking) if sees_inquiries else None,
    )


def recent_restrictions(actor: User, branch: Branch | None) -> QuerySet[Restriction]:
    return _in(restrictions_visible(actor), branch).order_by("-id")[:8]


def recent_inquiries(actor: User, branch: Branch | None) -> QuerySet[Inquiry]:
    return _in(inquiries_visible(actor), branch).order_by("-id")[:8]


def troubled_integrations(actor: User, branch: Branch | None) -> QuerySet[Integration]:
    """Integrations with a standing problem, or not linked yet."""
    return _in(integrations_visible(actor), branch).filter(~Q(problem="") | Q(linked_at=None))


def branches_without_integration(actor: User, branches: list[Branch]) -> list[Branch]:
    if not actor.can(Permission.MANAGE_INTEGRATIONS):
        return []
    taken = set(integrations_visible(actor).values_list("branch_id", flat=True))
    return [branch for branch in branches if branch.pk not in taken]


def budgets_in_trouble(actor: User, branches: list[Branch]) -> list[tuple[Branch, Standing]]:
    """The branches whose month warns or has nothing left, the worst first, for who can help."""
    if not actor.can(Permission.MANAGE_BUDGET):
        return []
    months = standings(branch.pk for branch in branches)
    found = [(branch, months[branch.pk]) for branch in branches if months[branch.pk].warns]
    return sorted(found, key=lambda pair: -pair[1].percent)


def _in(queryset: QuerySet[M], branch: Branch | None) -> QuerySet[M]:
    return queryset if branch is None else queryset.filter(branch=branch)


def columns_of(actor: User, report: Report) -> tuple[Column, ...]:
    """The columns that this person last chose, else the usual ones."""
    kept = ReportColumns.objects.filter(person=actor, report=report.slug)
    return report.known(kept.values_list("columns", flat=True).first() or ()) or report.chosen([])


def exports_of(actor: User) -> QuerySet[ReportExport]:
    """What this person has exported; nobody sees another's files."""
    return ReportExport.objects.filter(requested_by=actor)


def export_chunk(export: ReportExport, number: int) -> bytes:
    """One piece of the file. Raises ``DoesNotExist`` where it was deleted meanwhile."""
    return bytes(
        ReportExportChunk.objects.values_list("data", flat=True).get(export=export, number=number)
    )
