"""What people ask of restrictions: list, withdraw, remove."""

from __future__ import annotations

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
from regua.parties.models import Customer
from regua.receivables.models import Receivable
from regua.restrictions.choices import (
    AT_BUREAU,
    Form,
    RemovalReason,
    Source,
    Status,
)
from regua.restrictions.duties import CAUSES, duty_open
from regua.restrictions.history import co_debtor_snapshot, debtor_snapshot, record_event
from regua.restrictions.models import Restriction
from regua.restrictions.selectors import (
    default_restriction_code,
    live_restriction,
    removal_codes,
    why_no_cancel,
    why_no_removal,
)

SENDER = "restrictions.send"
SYNC = "restrictions.sync"


def restriction_request(
    *, receivable: Receivable, actor: User, restriction_code: str = ""
) -> Restriction:
    """Write the intent to list ``receivable`` and ask for its sender, in one transaction.

    The code defaults to the integration's for that kind of person. Raises ``ValidationError`` with
    every reason at once, or ``NotAllowed``; nothing is written then.
    """
    require(actor, Permission.REQUEST_RESTRICTION, branch_id=receivable.branch_id)
    try:
        integration = integration_in_use(receivable.branch_id)
    except NoIntegration as error:
        raise ValidationError(str(error)) from None
    try:
        with transaction.atomic():
            # The lock holds the debt still while the gate looks at it.
            locked = (
                Receivable.objects.select_for_update(of=["self"])
                .select_related("customer", "contract__co_debtor")
                .get(pk=receivable.pk)
            )
            _check_not_listed(locked, integration)
            gate = _check_gate(locked)
            code = _restriction_code(integration, locked.customer, restriction_code)
            restriction = Restriction.objects.create(
                integration=integration,
                provider=integration.provider,
                branch_id=locked.branch_id,
                customer=locked.customer,
                receivable=locked,
                form=Form.MANUAL,
                status=Status.QUEUED,
                restriction_code=code,
                contract_number=locked.contract.number,
                our_number=locked.our_number,
                amount=locked.open_amount,
                due_date=locked.due_date,
                debtor=debtor_snapshot(locked.customer),
                co_debtor=co_debtor_snapshot(locked.contract, integration),
                gate=gate,
                requested_by=actor,
            )
            record_event(restriction, text="Negativação pedida.", source=Source.PERSON, actor=actor)
            ask_for_sender(SENDER, integration.pk)
    except IntegrityError as error:
        if constraint_of(error) == "restriction_one_live":
            _check_not_listed(receivable, integration)
        raise
    return restriction


def restriction_cancel(*, restriction: Restriction, actor: User) -> None:
    """Withdraw a listing that has not left yet. Raises ``ValidationError`` where it has."""
    require(actor, Permission.REQUEST_RESTRICTION, branch_id=restriction.branch_id)
    with transaction.atomic():
        # A sender marks the row unknown before it calls: compare-and-set against that.
        withdrawn = Restriction.objects.filter(
            pk=restriction.pk, status=Status.QUEUED, unknown=False
        ).update(status=Status.CANCELLED, due_at=None, problem="")
        if not withdrawn:
            restriction.refresh_from_db()
            raise ValidationError(why_no_cancel(restriction))
        record_event(
            restriction,
            text="Pedido cancelado antes de sair.",
            source=Source.PERSON,
            actor=actor,
            before=Status.QUEUED,
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


def _check_not_listed(receivable: Receivable, integration: Integration) -> None:
    existing = live_restriction(receivable, integration.provider)
    if existing is not None:
        raise ValidationError(
            f"O título {receivable.number} já tem a negativação nº {existing.pk} "
            f"({existing.get_status_display().lower()}). Nada foi enviado; acompanhe aquela."
        )


def _check_gate(receivable: Receivable) -> list[list[str]]:
    """What the gate answered, to be kept with the listing; raises where it forbids it."""
    findings = evaluate([receivable.pk])[receivable.pk]
    failures = [f.rule.failure for f in findings if f.blocks]
    if failures:
        raise ValidationError(failures)
    return [[f.rule.code, str(f.state)] for f in findings]


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
