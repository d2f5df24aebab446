"""What people ask of restrictions: list, withdraw, remove."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.compliance.selectors import evaluate
from regua.integrations.choices import CodeKind
from regua.integrations.models import Integration
from regua.integrations.outbox import ask_for_sender
from regua.integrations.selectors import NoIntegration, codes_for, integration_in_use
from regua.integrations.services import constraint_of
from regua.organization.models import GeneralParameters
from regua.parties.models import Customer
from regua.receivables.models import Receivable
from regua.restrictions.amounts import amount_to_list
from regua.restrictions.choices import (
    AT_BUREAU,
    Form,
    RemovalReason,
    Source,
    Status,
)
from regua.restrictions.duties import CAUSES, duty_open
from regua.restrictions.history import (
    co_debtor_snapshot,
    debtor_snapshot,
    gate_snapshot,
    record_event,
)
from regua.restrictions.models import Restriction
from regua.restrictions.selectors import (
    default_restriction_code,
    live_by_receivable,
    removal_codes,
    why_approval,
    why_no_cancel,
    why_no_removal,
)

SENDER = "restrictions.send"
SYNC = "restrictions.sync"


class NotListable(ValidationError):
    """Some of the debts asked for cannot be listed; nothing was written for any of them."""

    def __init__(self, reasons: dict[Receivable, list[str]], *, of_several: bool) -> None:
        self.reasons = reasons
        """Debt → why not, each a sentence."""
        super().__init__(
            [
                f"Título {debt.number}: {sentence}" if of_several else sentence
                for debt, sentences in reasons.items()
                for sentence in sentences
            ]
        )


def restriction_request(
    *, receivable: Receivable, actor: User, restriction_code: str = ""
) -> Restriction:
    """``restrictions_request`` of one debt; its reasons come without naming it."""
    [restriction] = restrictions_request(
        receivables=[receivable], actor=actor, restriction_code=restriction_code
    )
    return restriction


def restrictions_request(
    *, receivables: Sequence[Receivable], actor: User, restriction_code: str = ""
) -> list[Restriction]:
    """Write the intent to list each debt and ask for their senders: all of them, or none.

    All or none, because the person agreed to a list with a sum: where one debt has become
    unlistable meanwhile, the others wait until that has been seen. Above the parameters'
    ``approval_amount`` or ``approval_batch`` the rows are drafts that somebody else must approve.
    The code defaults to the integration's for that kind of person. Raises ``NotListable`` with
    every reason of every debt, another ``ValidationError``, or ``NotAllowed``.
    """
    require(actor, Permission.REQUEST_RESTRICTION)
    if not receivables:
        raise ValidationError("Escolha ao menos um título. Nada foi enviado.")
    branches = {receivable.branch_id for receivable in receivables}
    for branch_id in branches:
        require(actor, Permission.REQUEST_RESTRICTION, branch_id=branch_id)
    try:
        integrations = {branch_id: integration_in_use(branch_id) for branch_id in branches}
    except NoIntegration as error:
        raise ValidationError(str(error)) from None
    try:
        with transaction.atomic():
            # The locks hold the debts still while the gate looks at them; one order for all.
            debts = list(
                Receivable.objects.select_for_update(of=["self"])
                .select_related("customer", "contract__co_debtor")
                .filter(pk__in=[receivable.pk for receivable in receivables])
                .order_by("pk")
            )
            gates = _check_gate(debts)
            codes = {
                customer: _restriction_code(
                    integrations[customer.branch_id], customer, restriction_code
                )
                for customer in {debt.customer for debt in debts}
            }
            general = GeneralParameters.current()
            created = []
            for debt in debts:
                amount = amount_to_list(debt, general=general, on=timezone.localdate())
                reason = why_approval(amount.total, len(debts), general)
                restriction = Restriction.objects.create(
                    integration=integrations[debt.branch_id],
                    provider=integrations[debt.branch_id].provider,
                    branch_id=debt.branch_id,
                    customer=debt.customer,
                    receivable=debt,
                    form=Form.MANUAL,
                    status=Status.DRAFT if reason else Status.QUEUED,
                    **({"due_at": None} if reason else {}),
                    approval_reason=reason,
                    restriction_code=codes[debt.customer],
                    contract_number=debt.contract.number,
                    our_number=debt.our_number,
                    amount=amount.total,
                    fine=amount.fine,
                    interest=amount.interest,
                    due_date=debt.due_date,
                    debtor=debtor_snapshot(debt.customer),
                    co_debtor=co_debtor_snapshot(debt.contract, integrations[debt.branch_id]),
                    gate=gates[debt.pk],
                    requested_by=actor,
                )
                record_event(
                    restriction,
                    text="Negativação pedida; espera a aprovação de outra pessoa."
                    if reason
                    else "Negativação pedida.",
                    source=Source.PERSON,
                    actor=actor,
                )
                created.append(restriction)
            for pk in {r.integration_id for r in created if r.status == Status.QUEUED}:
                ask_for_sender(SENDER, pk)
    except IntegrityError as error:
        if constraint_of(error) == "restriction_one_live":
            _check_gate(receivables)
        raise
    return created


def restriction_cancel(*, restriction: Restriction, actor: User) -> None:
    """Withdraw a listing that has not left yet. Raises ``ValidationError`` where it has."""
    require(actor, Permission.REQUEST_RESTRICTION, branch_id=restriction.branch_id)
    with transaction.atomic():
        locked = Restriction.objects.select_for_update(of=["self"]).get(pk=restriction.pk)
        before = locked.status
        # A sender marks the row unknown before it calls: nothing has left while it is not.
        if obstacle := why_no_cancel(locked):
            restriction.refresh_from_db()
            raise ValidationError(obstacle)
        locked.status, locked.due_at, locked.problem = Status.CANCELLED, None, ""
        locked.save(update_fields=["status", "due_at", "problem"])
        record_event(
            restriction,
            text="Pedido cancelado antes de sair.",
            source=Source.PERSON,
            actor=actor,
            before=before,
            status=Status.CANCELLED,
        )
    restriction.refresh_from_db()


def removal_request(
    *,
    restriction: Restriction,
    actor: User | None,
    reason: str,
    removal_code: str = "",
    told_on: date | None = None,
) -> Restriction:
    """Ask for a listing's removal for one of ``RemovalReason``; without ``actor`` a routine asks.

    The bureau's code follows from the reason unless ``removal_code`` names one. ``told_on`` is when
    we were told of what makes it due (today where nothing else is known): the removal's deadline
    counts from there unless one runs already. Raises ``ValidationError`` with a sentence, or
    ``NotAllowed``; nothing is written then.
    """
    if actor is not None:
        require(actor, Permission.REQUEST_REMOVAL, branch_id=restriction.branch_id)
    if reason not in RemovalReason.values:
        raise ValidationError({"reason": "Escolha o motivo da baixa."})
    with transaction.atomic():
        locked = (
            # Not the key: whoever holds the debt may still open a duty on this row meanwhile.
            Restriction.objects.select_for_update(of=["self"], no_key=True)
            .select_related("integration", "branch")
            .get(pk=restriction.pk)
        )
        if locked.status not in AT_BUREAU:
            raise ValidationError(why_no_removal(locked))
        code = _removal_code(locked.integration, reason, removal_code)
        before = locked.status
        locked.status = Status.REMOVAL_QUEUED
        locked.removal_reason = reason
        locked.removal_code = code
        locked.removal_form = Form.MANUAL if actor else Form.AUTOMATIC
        locked.removal_requested_by = actor
        locked.removal_requested_at = locked.due_at = timezone.now()
        locked.attempts, locked.problem = 0, ""
        locked.save()
        record_event(
            locked,
            text=f"Baixa pedida: {RemovalReason(reason).label.lower()} (código {code}).",
            source=Source.PERSON if actor else Source.ROUTINE,
            actor=actor,
            before=before,
        )
        duty_open(
            locked,
            cause=CAUSES[RemovalReason(reason)],
            starts_on=told_on or timezone.localdate(),
        )
        ask_for_sender(SENDER, locked.integration_id)
    restriction.refresh_from_db()
    return locked


def _check_gate(receivables: Sequence[Receivable]) -> dict[int, list[list[str]]]:
    """What the gate answered about each, to be kept with the listing; raises where it forbids."""
    keys = [debt.pk for debt in receivables]
    findings, live = evaluate(keys), live_by_receivable(keys)
    reasons: dict[Receivable, list[str]] = {}
    for debt in receivables:
        if existing := live.get(debt.pk):
            reasons[debt] = [
                f"Este título já tem a negativação nº {existing.pk} "
                f"({existing.get_status_display().lower()}). Nada foi enviado; acompanhe aquela."
            ]
        elif failures := [f.rule.failure for f in findings[debt.pk] if f.blocks]:
            reasons[debt] = failures
    if reasons:
        raise NotListable(reasons, of_several=len(receivables) > 1)
    return {pk: gate_snapshot(found) for pk, found in findings.items()}


def _restriction_code(integration: Integration, customer: Customer, chosen: str) -> str:
    code = chosen or default_restriction_code(integration, customer)
    usable = codes_for(integration, CodeKind.RESTRICTION, document=customer.document)
    if not code or not usable.filter(code=code).exists():
        raise ValidationError(
            {
                "restriction_code": "Escolha um código de restrição que o birô aceite para este "
                f"cliente. Nada foi enviado. A lista vem da integração nº {integration.pk}, "
                "botão Atualizar códigos de restrição."
            }
        )
    return code


def _removal_code(integration: Integration, reason: str, chosen: str) -> str:
    if chosen:
        code = codes_for(integration, CodeKind.REMOVAL).filter(code=chosen).first()
    else:
        code = removal_codes(integration).get(reason)
    if code is None:
        raise ValidationError(
            {
                "reason": "O birô não tem código de baixa para este motivo. Nada foi enviado. "
                f"Atualize os códigos da integração nº {integration.pk} ou escolha outro motivo."
            }
        )
    return code.code
