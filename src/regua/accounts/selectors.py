"""Reading what a person has access to."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet

from regua.accounts.models import User
from regua.organization.models import Branch


def branches_visible(actor: User) -> QuerySet[Branch]:
    """The active branches that this person sees."""
    branches = Branch.objects.filter(active=True)
    return branches if actor.all_branches else branches.filter(pk__in=actor.branch_ids)


def people_of(branch_id: int, *, roles: Collection[str]) -> QuerySet[User]:
    """Who works there in one of these roles, by name."""
    people = User.objects.filter(is_active=True, role__in=roles)
    return people.filter(Q(all_branches=True) | Q(branches=branch_id)).distinct().order_by("name")
