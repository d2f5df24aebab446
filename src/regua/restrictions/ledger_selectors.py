"""Reading the comparisons of ledgers, their differences, the syncs and the webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.integrations.models import Integration
from regua.restrictions.choices import MOVES, Status
from regua.restrictions.ledger_choices import (
    REMEDIES,
    DeliveryOutcome,
    DifferenceKind,
    Remedy,
    RunState,
)
from regua.restrictions.models import Difference, Reconciliation, SyncState, WebhookDelivery


def integrations_compared(actor: User) -> QuerySet[Integration]:
    """The integrations whose ledger this person may see compared."""
    return visible(
        Integration.objects.filter(archived_at=None).select_related("branch").order_by("branch"),
        actor=actor,
        permission=Permission.VIEW_RESTRICTIONS,
    )


def runs_of(integration: Integration) -> QuerySet[Reconciliation]:
    """Newest first, with ``found`` and ``mended``: how many differences, how many dealt with."""
    return (
        Reconciliation.objects.filter(integration=integration)
        .select_related("asked_by")
        .annotate(
            found=Count("differences"),
            mended=Count("differences", filter=Q(differences__done_at__isnull=False)),
        )
        .order_by("-pk")
    )


def open_run(integration: Integration) -> Reconciliation | None:
    return next((run for run in runs_of(integration)[:1] if run.is_open), None)


def latest_done(integration: Integration) -> Reconciliation | None:
    """The comparison whose differences count."""
    return runs_of(integration).filter(state=RunState.DONE).first()


def last_agreed_at(integration: Integration) -> datetime | None:
    """When a comparison last found nothing."""
    run = runs_of(integration).filter(state=RunState.DONE, differences=None).first()
    return run.finished_at if run else None


def differences_of(run: Reconciliation) -> QuerySet[Difference]:
    return (
        Difference.objects.filter(run=run)
        .select_related("restriction", "receivable__customer", "asked_by")
        .order_by("pk")
    )


def counts_of(run: Reconciliation) -> dict[DifferenceKind, int]:
    """Kind → differences about which nothing was done yet."""
    rows = Difference.objects.filter(run=run, done_at=None).values_list("kind")
    return {DifferenceKind(kind): n for kind, n in rows.annotate(n=Count("pk")).order_by()}


def remedies_of(difference: Difference) -> tuple[Remedy, ...]:
    """What can be done about this one."""
    kind = DifferenceKind(difference.kind)
    found = REMEDIES[kind]
    if kind is DifferenceKind.ONLY_THEIRS:
        known = difference.receivable_id is not None
        return tuple(r for r in found if (r is Remedy.REVIEW) is not known)
    if kind is DifferenceKind.STATUS:
        legal = difference.their_status in MOVES[Status(difference.our_status)]
        return tuple(r for r in found if (r is Remedy.REVIEW) is not legal)
    return found


def unmatched(integration: Integration) -> QuerySet[WebhookDelivery]:
    """Webhooks about listings that are not here, and those that could not be applied."""
    return (
        WebhookDelivery.objects.filter(
            integration=integration,
            outcome__in=[DeliveryOutcome.UNKNOWN, DeliveryOutcome.FAILED],
        )
        .defer("record_sealed")
        .order_by("-received_at")
    )


@dataclass(frozen=True, slots=True)
class SyncStanding:
    """How the last sync of an integration went, and when the next one is."""

    state: SyncState | None
    next_at: datetime | None
    """Null where nothing is scheduled: the integration is not linked."""


def sync_standing(integration: Integration) -> SyncStanding:
    state = SyncState.objects.filter(pk=integration.pk).select_related("asked_by").first()
    if integration.linked_at is None:
        return SyncStanding(state, None)
    last = integration.last_sync_at or timezone.now()
    return SyncStanding(state, last + timedelta(seconds=settings.CONFIG.sync_interval))
