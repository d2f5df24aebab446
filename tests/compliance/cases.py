"""A telecommunications debt that every rule lets through, and what may differ in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from regua.accounts.models import User
from regua.compliance.models import Evidence, EvidenceContent
from regua.organization.models import Branch
from regua.receivables.models import Contract, Impediment, Receivable
from tests import factories

TODAY = date(2026, 11, 24)
DUE = date(2026, 6, 1)
NOTICE = date(2026, 6, 10)
SUSPENDED = date(2026, 6, 25)
ENDED = date(2026, 8, 24)
"""The first days that the law allows: 15 after the notice, 60 after that, which makes 75."""


@dataclass(frozen=True)
class Given:
    """What differs from the debt that passes; ``None`` in ``proofs`` takes that proof away."""

    today: date = TODAY
    debt: dict[str, Any] = field(default_factory=dict)
    customer: dict[str, Any] = field(default_factory=dict)
    contract: dict[str, Any] = field(default_factory=dict)
    proofs: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    impediment: str = ""
    impediment_closed: bool = False
    company: bool = False
    co_debtor: dict[str, Any] | None = None
    """What differs in the second person who answers for it; None: nobody does."""


def keep(
    kind: str, debt: Receivable, actor: User, *, whole_contract: bool = True, **fields: Any
) -> Evidence:
    """A row of evidence, as if uploaded."""
    content, _ = EvidenceContent.objects.get_or_create(sha256="0" * 64, defaults={"data": b"x"})
    return Evidence.objects.create(
        kind=kind,
        customer=debt.customer,
        contract=debt.contract,
        receivable=None if whole_contract else debt,
        content=content,
        filename="prova.pdf",
        content_type="application/pdf",
        size=1,
        uploaded_by=actor,
        **fields,
    )


def make(given: Given, branch: Branch, actor: User) -> Receivable:
    customer = factories.customer(branch, company=given.company, **given.customer)
    surety = given.co_debtor
    contract = Contract.objects.create(
        customer=customer,
        number="C1",
        co_debtor=None
        if surety is None
        else factories.customer(branch, company=len(surety.get("document", "")) == 14, **surety),
        **{
            "kind": "telecom",
            "started_on": date(2020, 1, 1),
            "suspended_on": SUSPENDED,
            "ended_on": ENDED,
            **given.contract,
        },
    )
    debt = factories.receivable(
        customer, contract=contract, **{"due_date": DUE, "amount": 100, **given.debt}
    )
    proofs: dict[str, dict[str, Any] | None] = {
        "debt_document": {},
        "overdue_notice": {"dated_on": NOTICE, "whole_contract": False},
        "rescission_proof": {"dated_on": ENDED},
        **given.proofs,
    }
    for kind, fields in proofs.items():
        if fields is not None:
            keep(kind, debt, actor, **fields)
    if given.impediment:
        closed: dict[str, Any] = (
            {"closed_at": "2026-11-01T12:00Z", "closed_by": actor, "outcome": "rejected"}
            if given.impediment_closed
            else {}
        )
        Impediment.objects.create(
            receivable=debt,
            kind=given.impediment,
            told_on=date(2026, 10, 1),
            text="Disse que pagou.",
            opened_by=actor,
            **closed,
        )
    return debt
