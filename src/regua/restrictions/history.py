"""What is written down of a restriction: its events, the debtor as told, the gate's answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from regua.accounts.models import User
from regua.compliance.selectors import Finding
from regua.integrations.gateway import provider_of
from regua.integrations.models import Integration
from regua.parties.models import Customer
from regua.receivables.models import Contract
from regua.restrictions.choices import Source
from regua.restrictions.models import Restriction, RestrictionEvent


def record_event(
    restriction: Restriction,
    *,
    text: str,
    source: Source,
    actor: User | None = None,
    before: str = "",
    status: str = "",
) -> None:
    """Append to a restriction's history, inside the transaction that changed it."""
    RestrictionEvent.objects.create(
        restriction=restriction,
        status_before=before,
        status=status or restriction.status,
        source=source,
        actor=actor,
        bureau_version=restriction.bureau_version or None,
        text=text,
    )


def debtor_snapshot(customer: Customer) -> dict[str, Any]:
    """The debtor as the bureau will be told, fixed at the moment of asking."""
    return {
        "document": customer.document,
        "name": customer.name,
        "sex": None if customer.is_company else customer.sex or None,
        "birth_date": (
            None
            if customer.is_company or customer.birth_date is None
            else customer.birth_date.isoformat()
        ),
        "mobile": customer.mobile,
        "email": customer.email or None,
        "address": {
            "postal_code": customer.postal_code,
            "street": customer.street,
            "number": customer.number,
            "complement": customer.complement,
            "district": customer.district,
            "city": customer.city,
            "state": customer.state,
        },
    }


def gate_snapshot(findings: Iterable[Finding]) -> list[list[str]]:
    """The gate's answer as it is kept: ``[[rule, state], …]``."""
    return [[finding.rule.code, str(finding.state)] for finding in findings]


def co_debtor_snapshot(contract: Contract, integration: Integration) -> dict[str, Any] | None:
    """Who answers for the debt, too, where the bureau takes such a person; else None."""
    if contract.co_debtor is None or not provider_of(integration).capabilities.co_debtor:
        return None
    return debtor_snapshot(contract.co_debtor)
