"""Reading parties."""

from __future__ import annotations

import re
from typing import Any, TypeVar

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
    """Whom else the branch has with the party's document, a few of each kind, customers first.

    What the party came from or became is the same person by design, and left out.
    """
    if not party.document:
        return []
    same = Q(branch_id=party.branch_id, document=party.document)
    kin: dict[type[Any], list[int | None]] = {type(party): [party.pk]}
    match party:
        case Lead():
            kin[Prospect] = [party.prospect_id]
            kin[Customer] = [party.prospect.customer_id if party.prospect else None]
        case Prospect():
            kin[Customer] = [party.customer_id]
            kin[Lead] = [*party.lead_ids]
    return [
        other
        for model in (Customer, Prospect, Lead)
        for other in model._default_manager.filter(same)
        .exclude(pk__in=[pk for pk in kin.get(model, ()) if pk])
        .order_by("pk")[:3]
    ]


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
