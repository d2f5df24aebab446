"""Reading receivables."""

from __future__ import annotations

from django.db.models import QuerySet

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.receivables.models import Receivable


def receivables_visible(actor: User) -> QuerySet[Receivable]:
    return visible(
        Receivable.objects.select_related("customer", "contract", "branch"),
        actor=actor,
        permission=Permission.VIEW_RECEIVABLES,
    )
