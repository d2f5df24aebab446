"""Four eyes: another person lets a listing go, or stops it, before the bureau hears of it.

One that corrects another waits with that other still listed; its five business days run meanwhile
(``corrections``).
"""

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
from regua.restrictions.choices import AT_BUREAU, Source, Status
from regua.restrictions.corrections import correction_start
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
    """Let a draft go to the bureau; one that corrects another, as soon as that other is off.

    The gate is asked again, about the customer as recorded now. The amount stays the one that was
    asked for. Raises ``ValidationError`` with every reason, or ``NotAllowed``; the draft is as it
    was then.
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
        old = locked.replaced
        apart_from = [locked.pk, *([old.pk] if old else [])]
        findings = evaluate([debt.pk], apart_from=apart_from)[debt.pk]
        failures = [finding.rule.failure for finding in findings if finding.blocks]
        if not failures and debt.open_amount != locked.principal:
            failures = ["O valor em aberto mudou depois do pedido. Rejeite e peça de novo."]
        if failures:
            raise ValidationError(failures)
        locked.approved_by, locked.approved_at = actor, timezone.now()
        if old is None:
            locked.status, locked.due_at = Status.QUEUED, locked.approved_at
        # Nothing has left yet, so the bureau is told what the gate has just seen.
        locked.gate = gate_snapshot(findings)
        locked.debtor = debtor_snapshot(locked.customer)
        locked.co_debtor = co_debtor_snapshot(debt.contract, locked.integration)
        locked.save()
        record_event(
            locked,
            text=f"Aprovada. Será pedida assim que a nº {old.pk} sair." if old else "Aprovada.",
            source=Source.PERSON,
            actor=actor,
            before=Status.DRAFT,
        )
        if old is None:
            ask_for_sender(SENDER, locked.integration_id)
        elif old.status in AT_BUREAU:
            correction_start(locked, old, actor=actor)
    restriction.refresh_from_db()
    return locked


def restriction_reject(*, restriction: Restriction, actor: User, reason: str) -> Restriction:
    """Stop a draft for good, with a reason its author will read. A listing that it was to correct
    stays as it is, and so does its deadline: refusing to list it anew makes no wrong data right.

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
        if old := locked.replaced:
            locked.problem += f" A nº {old.pk} continua no birô como estava."
            record_event(
                old,
                text=f"A correção nº {locked.pk} não foi aprovada; esta continua como estava.",
                source=Source.PERSON,
                actor=actor,
            )
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
    # The debt first, as a request and a payment do; a listing before the one that corrects it.
    Receivable.objects.select_for_update(of=["self"]).get(pk=restriction.receivable_id)
    if restriction.replaces_id is not None:
        Restriction.objects.select_for_update(no_key=True).get(pk=restriction.replaces_id)
    locked = (
        Restriction.objects.select_for_update(of=["self"])
        .select_related(
            "integration",
            "branch",
            "customer",
            "approved_by",
            "replaces",
            "receivable__contract__co_debtor",
        )
        .get(pk=restriction.pk)
    )
    if obstacle := why_no_approval(locked, actor):
        raise ValidationError(obstacle)
    return locked
