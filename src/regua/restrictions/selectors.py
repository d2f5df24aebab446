"""Reading restrictions."""

from __future__ import annotations

from django.db.models import QuerySet

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.receivables.models import Receivable
from regua.restrictions.choices import LIVE
from regua.restrictions.models import Restriction


def restrictions_visible(actor: User) -> QuerySet[Restriction]:
    return visible(
        Restriction.objects.select_related("customer", "receivable", "branch", "integration"),
        actor=actor,
        permission=Permission.VIEW_RESTRICTIONS,
    )


def paid_and_listed(actor: User) -> QuerySet[Restriction]:
    """Live listings whose debt is no longer owed: they must come off (CDC 43 § 3º, Súmula 548)."""
    return (
        restrictions_visible(actor)
        .filter(status__in=LIVE)
        .exclude(receivable__status__in=[Receivable.Status.OPEN, Receivable.Status.PARTIAL])
    )
