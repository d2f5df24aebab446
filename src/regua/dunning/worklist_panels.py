"""What the worklist adds to the customer page and to the left bar."""

from __future__ import annotations

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.dunning import worklist
from regua.parties.models import Customer
from regua.parties.panels import customer_panels
from regua.web import navigation


def _contacts(customer: Customer, actor: User) -> int:
    return worklist.contacts_visible(actor).filter(customer=customer).count()


def register() -> None:
    navigation.COUNTS["dunning_worklist"] = worklist.waiting_for
    customer_panels.tab(
        "customer_dunning",
        "Cobrança",
        permission=Permission.VIEW_DUNNING,
        count=_contacts,
        order=45,
    )
