"""The two questions every service and selector asks first."""

from __future__ import annotations

from typing import TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet

from regua.accounts.models import User
from regua.accounts.permissions import Permission

M = TypeVar("M", bound=Model)


class NotAllowed(PermissionDenied):
    """The actor may not do this; the text is a sentence for the person."""


def require(actor: User, permission: Permission, *, branch_id: int | None = None) -> None:
    """Raise ``NotAllowed`` unless ``actor`` has ``permission`` (and sees that branch)."""
    if not actor.can(permission):
        raise NotAllowed(
            f"Seu perfil ({actor.get_role_display()}) não permite {permission.label}. "
            "Nada foi feito. Peça a alguém com acesso ou ao administrador."
        )
    if branch_id is not None and not actor.sees_branch(branch_id):
        raise NotAllowed(
            "Este cadastro é de uma filial à qual você não tem acesso. Nada foi feito."
        )


def visible(
    queryset: QuerySet[M], *, actor: User, permission: Permission, branch: str = "branch"
) -> QuerySet[M]:
    """Narrow ``queryset`` to what ``actor`` may see; ``branch`` is the path to the branch."""
    if not actor.can(permission):
        return queryset.none()
    if actor.all_branches:
        return queryset
    # The branches themselves, not a subquery: the planner then knows how many rows are meant.
    return queryset.filter(**{f"{branch}__in": actor.branch_ids})
