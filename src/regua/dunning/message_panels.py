"""What messages add to the customer page."""

from __future__ import annotations

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.dunning.message_selectors import messages_visible
from regua.parties.models import Customer
from regua.parties.panels import customer_panels


def _count(customer: Customer, actor: User) -> int:
    return messages_visible(actor).filter(receivable__customer=customer).count()


def register() -> None:
    customer_panels.tab(
        "customer_messages",
        "Mensagens",
        permission=Permission.VIEW_DUNNING,
        count=_count,
        order=55,
    )
