"""Listings in any state, of a branch whose bureau is never called."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from regua.accounts.models import User
from regua.integrations.choices import CodeKind
from regua.integrations.models import Integration, ReasonCode
from regua.organization.models import Branch
from regua.receivables.changes import changed
from regua.receivables.models import Receivable
from regua.restrictions.choices import Form, Source, Status
from regua.restrictions.history import debtor_snapshot, record_event
from regua.restrictions.models import Restriction


def integration(branch: Branch, **fields: Any) -> Integration:
    """Linked, with a few codes; nothing listens at its address."""
    values: dict[str, Any] = {
        "provider": "credito_na_medida",
        "environment": "production",
        "base_url": "http://127.0.0.1:9",
        "client_secret_sealed": "x",
        "linked_at": timezone.now(),
        "restriction_code": "TI",
        "company_restriction_code": "NF",
        "removal_code": "01",
    }
    created = Integration.objects.create(branch=branch, **{**values, **fields})
    for kind, code, text, person, reason in (
        (CodeKind.RESTRICTION, "TI", "Serviço de dados", "F", ""),
        (CodeKind.RESTRICTION, "NF", "Nota fiscal", "J", ""),
        (CodeKind.RESTRICTION, "OO", "Outras operações", "A", ""),
        (CodeKind.REMOVAL, "01", "Pagamento da dívida", "A", "paid"),
        (CodeKind.REMOVAL, "19", "Acordo", "A", "renegotiated"),
    ):
        ReasonCode.objects.create(
            integration=created,
            kind=kind,
            code=code,
            description=text,
            person_kind=person,
            reason=reason,
        )
    return created


def listing(
    receivable: Receivable,
    status: Status = Status.ACTIVE,
    *,
    actor: User | None = None,
    **fields: Any,
) -> Restriction:
    integration_row = Integration.objects.get(branch=receivable.branch)
    values: dict[str, Any] = {
        "protocol": f"P{receivable.pk}",
        "due_at": None,
        "form": Form.MANUAL,
        "amount": receivable.amount,
        "requested_by": actor,
    }
    if status in (Status.QUEUED, Status.REMOVAL_QUEUED):
        values["due_at"] = timezone.now()
    if status == Status.QUEUED:
        values["protocol"] = ""
    if status == Status.REFUSED:
        values["problem"] = "O birô recusou a negativação: o nome não confere (código 295)."
    if status == Status.REMOVAL_QUEUED:
        values["removal_code"] = "01"
    if status == Status.REMOVED:
        values["removed_on"] = timezone.localdate()
    row = Restriction.objects.create(
        integration=integration_row,
        provider=integration_row.provider,
        branch=receivable.branch,
        customer=receivable.customer,
        receivable=receivable,
        status=status,
        restriction_code="TI",
        contract_number=receivable.contract.number,
        our_number=receivable.our_number,
        due_date=receivable.due_date,
        debtor=debtor_snapshot(receivable.customer),
        **{**values, **fields},
    )
    record_event(
        row, text="Negativação pedida.", source=Source.PERSON if actor else Source.SYNC, actor=actor
    )
    return row


def pay(receivable: Receivable) -> None:
    """Settled by somebody who says so, as every service does."""
    Receivable.objects.filter(pk=receivable.pk).update(status="received", open_amount=0)
    changed([receivable.pk])
