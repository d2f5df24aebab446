"""Reading parties."""

from __future__ import annotations

import re
from typing import TypeVar

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet

from regua.accounts.access import visible
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.parties.models import (
    DOCUMENT_SHAPE,
    NAME_WORDS,
    Customer,
    Lead,
    Prospect,
    search_key,
)


def customers_visible(actor: User) -> QuerySet[Customer]:
    return visible(
        Customer.objects.select_related("branch"), actor=actor, permission=Permission.VIEW_PARTIES
    )


def leads_visible(actor: User) -> QuerySet[Lead]:
    return visible(
        Lead.objects.select_related("branch"), actor=actor, permission=Permission.VIEW_PARTIES
    )


def prospects_visible(actor: User) -> QuerySet[Prospect]:
    return visible(
        Prospect.objects.select_related("branch"), actor=actor, permission=Permission.VIEW_PARTIES
    )


def others_with_document(party: Lead | Prospect) -> list[Customer | Lead | Prospect]:
    """Whom else the branch has with the document of an open ``party``, a few of each kind.

    The converted are left out: who they became is there.
    """
    if not party.document or party.converted_at:
        return []
    same = Q(branch_id=party.branch_id, document=party.document)
    still = same & Q(converted_at=None)
    found = (
        Customer.objects.filter(same),
        Prospect.objects.filter(still),
        Lead.objects.filter(still),
    )
    return [other for rows in found for other in rows.order_by("pk")[:4] if other != party]


P = TypeVar("P", Customer, Lead, Prospect)


def search(queryset: QuerySet[P], text: str) -> QuerySet[P]:
    """Narrow to the parties whose name has words starting with each word of ``text``.

    A whole CPF or CNPJ, formatted or not, finds its document.
    """
    bare = re.sub(r"[.\-/\s]", "", text).upper()
    if re.fullmatch(DOCUMENT_SHAPE, bare):
        return queryset.filter(document=bare)
    words = re.findall(r"\w+", search_key(text))
    if not words:
        return queryset
    query = SearchQuery(" & ".join(f"{w}:*" for w in words), search_type="raw", config="simple")
    return queryset.annotate(words=NAME_WORDS).filter(words=query)
