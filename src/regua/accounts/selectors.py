"""Reading what a person has access to."""

from __future__ import annotations

from django.db.models import QuerySet

from regua.accounts.models import User
from regua.organization.models import Branch


def branches_visible(actor: User) -> QuerySet[Branch]:
    """The active branches that this person sees."""
    branches = Branch.objects.filter(active=True)
    return branches if actor.all_branches else branches.filter(users=actor)
