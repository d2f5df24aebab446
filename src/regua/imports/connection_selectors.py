"""Reading connections with billing systems."""

from __future__ import annotations

from django.db.models import QuerySet

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.imports.connection_models import Connection


def connections_visible(actor: User) -> QuerySet[Connection]:
    return visible(
        Connection.objects.select_related("branch", "set_by"),
        actor=actor,
        permission=Permission.VIEW_INTEGRATIONS,
    )
