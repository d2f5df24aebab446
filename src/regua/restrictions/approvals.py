"""Four eyes: another person lets a listing go, or stops it, before the bureau hears of it."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.compliance.selectors import evaluate
from regua.integrations.outbox import ask_for_sender
from regua.integrations.selectors import NoIntegration, integration_in_use
from regua.receivables.models import Receivable
from regua.restrictions.choices import Source, Status
from regua.restrictions.history import (
    co_debtor_snapshot,
    debtor_snapshot,
    gate_snapshot,
    record_event,
)
from regua.restrictions.models import Restriction
from regua.restrictions.selectors import why_no_approval
from regua.restrictions.services import SENDER


def restriction_approve(*, restriction: Restriction, actor: User) -> Restriction:
    """Let a draft go to the bureau. The gate is asked again, about the customer as recorded now.

    The amount stays the one that was asked for. Raises ``ValidationError`` with every reason, or
    ``NotAllowed``; the draft is as it was then.
    """
    require(actor, Permission.APPROVE_RESTRICTION, branch_id=restriction.branch_id)
    with transaction.atomic():
        locked = _lock(restriction, actor)
        try:
            if integration_in_use(locked.branch_id).pk != locked.integration_id:
                raise ValidationError(
                    "A integração da filial mudou depois do pedido. Rejeite e peça de novo."
                )
        except NoIntegration as error:
            raise ValidationError(str(error)) from None
        debt = locked.receivable
        findings = evaluate([debt.pk], apart_from=[locked.pk])[debt.pk]
        failures = [finding.rule.failure for finding in findings if finding.blocks]
        if not failures and debt.open_amount != locked.principal:
            failures = ["O valor em aberto mudou depois do pedido. Rejeite e peça de novo."]
        if failures:
            raise ValidationError(failures)
        locked.status = Status.QUEUED
        locked.due_at = locked.approved_at = timezone.now()
        locked.approved_by = actor
        # Nothing has left yet, so the bureau is told what the gate has just seen.
        locked.gate = gate_snapshot(findings)
        locked.debtor = debtor_snapshot(locked.customer)
        locked.co_debtor = co_debtor_snapshot(debt.contract, locked.integration)
        locked.save()
        record_event(
            locked, text="Aprovada.", source=Source.PERSON, actor=actor, before=Status.DRAFT
        )
        ask_for_sender(SENDER, locked.integration_id)
    restriction.refresh_from_db()
    return locked


def restriction_reject(*, restriction: Restriction, actor: User, reason: str) -> Restriction:
    """Stop a draft for good, with a reason its author will read.

    Raises as ``restriction_approve``.
    """
    require(actor, Permission.APPROVE_RESTRICTION, branch_id=restriction.branch_id)
    reason = " ".join(reason.replace("\x00", "").split()).rstrip(".")[:500]
    if not reason:
        raise ValidationError({"reason": "Escreva por que rejeita: quem pediu vai ler."})
    with transaction.atomic():
        locked = _lock(restriction, actor)
        locked.status = Status.CANCELLED
        locked.problem = f"{actor.name} não aprovou: {reason}."
        locked.save()
        record_event(
            locked,
            text=f"Rejeitada: {reason}.",
            source=Source.PERSON,
            actor=actor,
            before=Status.DRAFT,
        )
    restriction.refresh_from_db()
    return locked


def _lock(restriction: Restriction, actor: User) -> Restriction:
    # The debt first, as a request and a payment do.
    Receivable.objects.select_for_update(of=["self"]).get(pk=restriction.receivable_id)
    locked = (
        Restriction.objects.select_for_update(of=["self"])
        .select_related("integration", "branch", "customer", "receivable__contract__co_debtor")
        .get(pk=restriction.pk)
    )
    if obstacle := why_no_approval(locked, actor):
        raise ValidationError(obstacle)
    return locked
