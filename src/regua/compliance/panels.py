"""What the gate adds to the customer page."""

from __future__ import annotations

from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.compliance.selectors import evidence_visible
from regua.parties.models import Customer
from regua.parties.panels import customer_panels


def _count(customer: Customer, actor: User) -> int:
    return evidence_visible(actor).filter(customer=customer, withdrawn_at=None).count()


def register() -> None:
    customer_panels.tab(
        "customer_evidence",
        "Documentos e provas",
        permission=Permission.VIEW_EVIDENCE,
        count=_count,
        order=60,
    )
