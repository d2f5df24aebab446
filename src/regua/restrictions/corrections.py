"""Mending what was told wrong to the bureau: taken off and asked for anew, as one operation.

A bureau changes no listing. The wrong one is asked off and the right one waits beside it as a draft
(``Restriction.replaces``); the very transaction in which the wrong one ends asks for the right one
or gives it up (``replacement_follow``). Whatever is killed meanwhile, there is no moment at which
the first half is over and nobody remembers the second.

Where the right one would show more than the wrong one does, and more than the parameters'
``approval_amount``, another person approves first (``approvals``): the wrong one stays as it is
meanwhile, its five business days running. An amount that the bureau shows already harms nobody's
credit further, so that one that is not higher needs nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.bureaus.contract import ListingStatus
from regua.compliance.selectors import Finding, evaluate
from regua.integrations.outbox import ask_for_sender
from regua.organization.models import GeneralParameters
from regua.parties.services import customer_update
from regua.receivables.models import Receivable
from regua.receivables.services import receivable_correct
from regua.restrictions.amounts import amount_to_list
from regua.restrictions.choices import (
    AT_BUREAU,
    FINAL,
    FROM_BUREAU,
    Correction,
    DutyCause,
    DutyOutcome,
    Form,
    RemovalReason,
    Source,
    Status,
)
from regua.restrictions.duties import duties_follow, duty_open
from regua.restrictions.history import (
    co_debtor_snapshot,
    debtor_snapshot,
    gate_snapshot,
    record_event,
)
from regua.restrictions.models import RemovalDuty, Restriction
from regua.restrictions.selectors import awaiting_approval, why_approval, why_no_removal
from regua.restrictions.services import SENDER, removal_request

REASONS = {
    Correction.PARTIAL_PAYMENT: RemovalReason.PARTIALLY_PAID,
    Correction.AMOUNT: RemovalReason.DATA_CORRECTION,
    Correction.DUE_DATE: RemovalReason.DATA_CORRECTION,
    Correction.NAME: RemovalReason.DATA_CORRECTION,
    Correction.ADDRESS: RemovalReason.DATA_CORRECTION,
}
ADDRESS = ("postal_code", "street", "number", "complement", "district", "city", "state")
FIELDS: dict[Correction, tuple[str, ...]] = {
    Correction.PARTIAL_PAYMENT: (),
    Correction.AMOUNT: ("amount",),
    Correction.DUE_DATE: ("due_date",),
    Correction.NAME: ("name",),
    Correction.ADDRESS: ADDRESS,
}
"""What may be mended on the receivable or on the customer along with each kind."""


def correction_request(
    *,
    restriction: Restriction,
    actor: User | None,
    kind: Correction | str,
    told_on: date | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Restriction:
    """Ask for ``restriction`` to be taken off and listed anew with what is right; return the new
    one: a draft until the old one is off, or already queued where the old one had not left.

    Where it ``awaits_approval`` nothing is asked of the bureau yet. Our own record is mended at
    once all the same, and a wrong one that had not left is withdrawn.

    ``changes`` (``FIELDS``) mend our own record first; without them it is right already and only
    the bureau has something else. The five business days to mend count from ``told_on``, today
    where nothing else is known (CDC, art. 43 § 3º). Without ``actor`` a routine asks. Raises
    ``ValidationError`` with sentences, or ``NotAllowed``; nothing is written then.
    """
    kind = Correction(kind)
    told_on = told_on or timezone.localdate()
    if actor is not None:
        require(actor, Permission.REQUEST_REMOVAL, branch_id=restriction.branch_id)
        require(actor, Permission.REQUEST_RESTRICTION, branch_id=restriction.branch_id)
    if told_on > timezone.localdate():
        raise ValidationError({"told_on": "A data do aviso está no futuro. Nada foi feito."})
    with transaction.atomic():
        # The debt before the listing, as everywhere: two people never wait for each other.
        receivable = Receivable.objects.select_for_update(no_key=True).get(
            pk=restriction.receivable_id
        )
        locked = (
            Restriction.objects.select_for_update(of=["self"], no_key=True)
            .select_related("integration", "branch")
            .get(pk=restriction.pk)
        )
        if reason := _why_no_correction(locked):
            raise ValidationError(reason)
        if locked.status in AT_BUREAU:
            # Before our own record is mended, which would start the clock today.
            duty_open(locked, cause=DutyCause.CORRECTION, starts_on=told_on)
        if changes:
            _mend(receivable, actor, kind, changes)
        replacement = _drafted(locked, actor, kind)
        obstacles, gate = _asked_gate(replacement, apart_from=[locked.pk])
        reason = _why_approval(replacement, shown=locked.amount)
        if reason and actor is None:  # nobody asked whom an approver could answer
            obstacles.append(reason)
        if obstacles:
            raise ValidationError(
                [*obstacles, "Assim ela não poderia ser negativada de novo: peça só a baixa."]
            )
        replacement.gate, replacement.approval_reason = gate, reason
        if locked.status == Status.QUEUED:
            _replace_unsent(locked, replacement, actor)
        else:
            if not reason:
                correction_start(replacement, locked, actor=actor, told_on=told_on)
            replacement.save()
            record_event(
                replacement,
                text=f"Correção da nº {locked.pk} ({kind.label.lower()}). "
                + (
                    "Espera a aprovação de outra pessoa."
                    if reason
                    else "Será pedida assim que aquela sair."
                ),
                source=_source(actor),
                actor=actor,
            )
    restriction.refresh_from_db()
    return replacement


def correction_start(
    replacement: Restriction, old: Restriction, *, actor: User | None, told_on: date | None = None
) -> None:
    """Ask for the removal of the wrong listing, for which the right one waits."""
    reason = REASONS[Correction(replacement.correction)]
    removal_request(restriction=old, actor=actor, reason=reason, told_on=told_on)


def correction_cancel(*, restriction: Restriction, actor: User) -> None:
    """Give a waiting correction up while the removal has not left: the old listing goes on as it
    was, with no deadline. ``restriction`` is the draft. Raises ``ValidationError`` where it is too
    late."""
    require(actor, Permission.REQUEST_REMOVAL, branch_id=restriction.branch_id)
    require(actor, Permission.REQUEST_RESTRICTION, branch_id=restriction.branch_id)
    if restriction.replaces_id is None:
        raise ValidationError("Esta negativação não corrige outra. Nada foi feito.")
    with transaction.atomic():
        old = Restriction.objects.select_for_update(no_key=True).get(pk=restriction.replaces_id)
        draft = Restriction.objects.select_for_update(no_key=True).get(pk=restriction.pk)
        if reason := why_no_correction_cancel(draft, old):
            raise ValidationError(reason)
        if not draft.awaits_approval:
            _take_removal_back(old, draft, actor)
        if old.status in AT_BUREAU:
            RemovalDuty.objects.filter(
                restriction=old, ended_at=None, cause=DutyCause.CORRECTION
            ).update(ended_at=timezone.now(), outcome=DutyOutcome.VOID)
        _give_up(draft, "Correção cancelada; a negativação anterior continua.", actor=actor)
        duties_follow([old.receivable_id])
    restriction.refresh_from_db()


def why_no_correction_cancel(draft: Restriction, old: Restriction) -> str:
    """Why a waiting correction cannot be given up now; empty where it can."""
    if draft.status != Status.DRAFT:
        return "Esta correção não está mais esperando. Nada foi feito."
    if draft.awaits_approval:
        return ""
    if old.status != Status.REMOVAL_QUEUED or old.unknown:
        return (
            f"A baixa da nº {old.pk} já saiu para o birô, e a correção segue até o fim. "
            "Nada foi feito."
        )
    return ""


def replacement_follow(old: Restriction) -> None:
    """Ask for the replacement of a listing that has ended, or give it up where the listing stays.

    Inside the transaction that moved ``old``. The debt is not locked: whoever pays it takes it
    before its listings, and the sender asks the gate once more before anything leaves.
    """
    replacement = (
        Restriction.objects.select_for_update(of=["self"], no_key=True)
        .select_related("integration", "requested_by")
        .filter(replaces_id=old.pk, status=Status.DRAFT)
        .first()
    )
    if replacement is None:
        return
    if replacement.awaits_approval:
        if old.status in FINAL:
            _give_up(replacement, f"A nº {old.pk} saiu do birô antes da aprovação.")
        return
    if old.status not in FINAL:
        _give_up(replacement, f"O birô recusou a baixa da nº {old.pk}, que continua como estava.")
        return
    allowed = max(old.amount, replacement.amount)
    _take_debt(replacement)
    obstacles, gate = _asked_gate(replacement, apart_from=[old.pk, replacement.pk])
    if _why_approval(replacement, shown=allowed):
        obstacles.append("O valor em aberto aumentou depois do pedido: negative de novo.")
    if obstacles:
        _give_up(replacement, " ".join(obstacles))
        return
    replacement.gate = gate
    replacement.status = Status.QUEUED
    replacement.requested_at = replacement.due_at = timezone.now()
    replacement.save()
    record_event(
        replacement,
        text=f"A nº {old.pk} saiu; esta foi pedida com os dados corrigidos.",
        source=Source.ROUTINE,
        before=Status.DRAFT,
    )
    ask_for_sender(SENDER, replacement.integration_id)


def replacements_sweep() -> int:
    """Follow every replacement whose old listing no longer waits for its removal; return how many.

    There should be none, since both move in one transaction. A listing moved by other hands
    (a repair in SQL, a release before this one) is the exception that this catches.
    """
    stranded = (
        Restriction.objects.filter(status=Status.DRAFT, replaces__isnull=False)
        .exclude(replaces__status__in=[Status.REMOVAL_QUEUED, Status.REMOVAL_SENT])
        .exclude(pk__in=awaiting_approval(Restriction.objects.all()).values("pk"))
    )
    count = 0
    for key in stranded.values_list("replaces_id", flat=True):
        with transaction.atomic():
            old = Restriction.objects.select_for_update(no_key=True).get(pk=key)
            if old.status not in (Status.REMOVAL_QUEUED, Status.REMOVAL_SENT):
                replacement_follow(old)
                count += 1
    return count


def _mend(
    receivable: Receivable, actor: User | None, kind: Correction, changes: Mapping[str, Any]
) -> None:
    unknown = set(changes) - set(FIELDS[kind])
    if unknown or actor is None:
        raise TypeError(f"unexpected changes: {sorted(unknown)}")
    if kind in (Correction.NAME, Correction.ADDRESS):
        customer_update(customer=receivable.customer, actor=actor, **changes)
    else:
        receivable_correct(receivable=receivable, actor=actor, **changes)


def _why_no_correction(old: Restriction) -> str:
    if waiting := awaiting_approval(old.replacements.all()).first():
        return (
            f"A nº {old.pk} já tem a correção nº {waiting.pk}, que espera a aprovação de outra "
            "pessoa. Nada foi feito. Se não for ela a certa, cancele-a e peça outra."
        )
    unsent = old.status == Status.QUEUED and not old.unknown
    return "" if unsent else why_no_removal(old)


def _drafted(old: Restriction, actor: User | None, kind: Correction) -> Restriction:
    """The replacement, not yet saved, with what is right at this moment."""
    replacement = Restriction(
        integration=old.integration,
        provider=old.provider,
        branch_id=old.branch_id,
        receivable_id=old.receivable_id,
        form=Form.MANUAL if actor else Form.AUTOMATIC,
        status=Status.DRAFT,
        restriction_code=old.restriction_code,
        replaces=old,
        correction=kind,
        requested_by=actor,
        requested_at=timezone.now(),
        due_at=None,
    )
    _take_debt(replacement)
    return replacement


def _take_debt(replacement: Restriction) -> None:
    """Fix what is true of the debt and of the debtor at this moment. Interest does not grow while
    it waits: what is listed is what was asked for, as long as the debt is the same."""
    debt = Receivable.objects.select_related("customer", "contract__co_debtor").get(
        pk=replacement.receivable_id
    )
    replacement.customer = debt.customer
    replacement.contract_number = debt.contract.number
    replacement.our_number = debt.our_number
    drawn = replacement.amount is not None and replacement.principal == debt.open_amount
    # Nor where it is paid: a draft keeps what it said, and the gate forbids it anyway.
    if debt.open_amount > 0 and not drawn:
        amount = amount_to_list(debt, general=GeneralParameters.current(), on=timezone.localdate())
        replacement.amount = amount.total
        replacement.fine, replacement.interest = amount.fine, amount.interest
    replacement.due_date = debt.due_date
    replacement.debtor = debtor_snapshot(debt.customer)
    replacement.co_debtor = co_debtor_snapshot(debt.contract, replacement.integration)


def _asked_gate(
    replacement: Restriction, *, apart_from: list[int]
) -> tuple[list[str], list[list[str]]]:
    """What forbids the replacement now, and everything that the gate answered."""
    findings: list[Finding] = evaluate([replacement.receivable_id], apart_from=apart_from)[
        replacement.receivable_id
    ]
    return [f.rule.failure for f in findings if f.blocks], gate_snapshot(findings)


def _why_approval(replacement: Restriction, *, shown: Decimal) -> str:
    """Why another person must approve it, ``shown`` being what the bureau was told already."""
    if replacement.amount <= shown:
        return ""
    return why_approval(replacement.amount, 1, GeneralParameters.current())


def _replace_unsent(old: Restriction, replacement: Restriction, actor: User | None) -> None:
    """The bureau has not heard of the wrong one: it is withdrawn and the right one takes its
    place in the queue, once it is approved where that is asked for."""
    old.status, old.due_at, old.problem = Status.CANCELLED, None, ""
    old.save()
    if not replacement.approval_reason:
        replacement.status, replacement.due_at = Status.QUEUED, timezone.now()
    replacement.save()
    record_event(
        old,
        text=f"Cancelada antes de sair; a nº {replacement.pk} vai no lugar, corrigida"
        + (", se for aprovada." if replacement.approval_reason else "."),
        source=_source(actor),
        actor=actor,
        before=Status.QUEUED,
    )
    record_event(
        replacement,
        text=f"Negativação pedida com a correção da nº {old.pk}, que não chegou a sair"
        + ("; espera a aprovação de outra pessoa." if replacement.approval_reason else "."),
        source=_source(actor),
        actor=actor,
    )
    if replacement.status == Status.QUEUED:
        ask_for_sender(SENDER, old.integration_id)


def _take_removal_back(old: Restriction, draft: Restriction, actor: User) -> None:
    before = old.status
    old.status = FROM_BUREAU.get(ListingStatus(old.bureau_status), Status.SENT)
    old.removal_reason = old.removal_code = old.removal_form = old.problem = ""
    old.removal_requested_by = old.removal_requested_at = old.due_at = None
    old.save()
    record_event(
        old,
        text=f"A correção nº {draft.pk} foi cancelada; a baixa não saiu.",
        source=Source.PERSON,
        actor=actor,
        before=before,
    )


def _give_up(replacement: Restriction, reason: str, *, actor: User | None = None) -> None:
    replacement.status = Status.CANCELLED
    replacement.problem = reason
    replacement.due_at = None
    replacement.save()
    record_event(
        replacement,
        text=f"Cancelada antes de sair. {reason}",
        source=Source.PERSON if actor else Source.ROUTINE,
        actor=actor,
        before=Status.DRAFT,
    )


def _source(actor: User | None) -> Source:
    return Source.PERSON if actor else Source.ROUTINE
