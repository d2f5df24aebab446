"""Recording what was paid, mending or cancelling a receivable, and a contract's dates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.parties.models import Customer
from regua.receivables.changes import changed
from regua.receivables.models import (
    Contract,
    ContractDatesChange,
    Payment,
    Receivable,
    ReceivableCancellation,
)
from regua.receivables.selectors import why_no_cancellation
from regua.web import formats


def payment_record(
    *,
    receivable: Receivable,
    actor: User,
    amount: Decimal,
    paid_on: date,
    available_on: date | None = None,
) -> Payment:
    """Record money received for a receivable and bring its open amount up to date.

    This removes no listing (the seed: "ao baixar um boleto, a negativação não é baixada
    automaticamente"). ``available_on`` defaults to ``paid_on``.
    """
    require(actor, Permission.RECORD_PAYMENT, branch_id=receivable.branch_id)
    available_on = available_on or paid_on
    problems = {}
    if amount <= 0:
        problems["amount"] = "Informe um valor maior que zero."
    if paid_on > timezone.localdate():
        problems["paid_on"] = "A data do pagamento está no futuro."
    if available_on < paid_on:
        problems["available_on"] = "O dinheiro não pode estar disponível antes de pago."
    if problems:
        raise ValidationError(problems)
    with transaction.atomic():
        locked = Receivable.objects.select_for_update(no_key=True).get(pk=receivable.pk)
        if not locked.is_owed:
            raise ValidationError(
                f"O título {locked.number} não está em aberto "
                f"({locked.get_status_display().lower()}). Nada foi registrado."
            )
        if amount > locked.open_amount:
            raise ValidationError({"amount": "O valor passa do que está em aberto neste título."})
        payment = Payment.objects.create(
            receivable=locked,
            amount=amount,
            paid_on=paid_on,
            available_on=available_on,
            recorded_by=actor,
        )
        locked.open_amount -= amount
        locked.status = (
            Receivable.Status.PARTIAL if locked.open_amount else Receivable.Status.RECEIVED
        )
        locked.save(update_fields=["open_amount", "status"])
        changed([locked.pk])
    receivable.refresh_from_db()
    return payment


def contract_dates_set(
    *, contract: Contract, actor: User, suspended_on: date | None, ended_on: date | None
) -> Contract:
    """Write down when a contract was suspended and rescinded; None where it was not. Who wrote it
    is kept (``ContractDatesChange``).

    Both are facts: neither lies in the future. Raises ``ValidationError`` with a sentence per
    field.
    """
    require(actor, Permission.EDIT_PARTIES, branch_id=contract.customer.branch_id)
    problems = {}
    for name, day in (("suspended_on", suspended_on), ("ended_on", ended_on)):
        if day is None:
            continue
        if day > timezone.localdate():
            problems[name] = "A data está no futuro: escreva-a quando acontecer."
        elif contract.started_on and day < contract.started_on:
            problems[name] = f"O contrato só começou em {contract.started_on:%d/%m/%Y}."
        elif day.year < 1990:
            problems[name] = "Confira o ano."
    if suspended_on and ended_on and ended_on < suspended_on and not problems:
        problems["ended_on"] = "A rescisão não pode ser antes da suspensão."
    if problems:
        raise ValidationError(problems)
    with transaction.atomic():
        locked = Contract.objects.select_for_update(of=["self"]).get(pk=contract.pk)
        if (locked.suspended_on, locked.ended_on) == (suspended_on, ended_on):
            return locked
        ContractDatesChange.objects.create(
            contract=locked,
            suspended_before=locked.suspended_on,
            suspended_on=suspended_on,
            ended_before=locked.ended_on,
            ended_on=ended_on,
            actor=actor,
        )
        locked.suspended_on, locked.ended_on = suspended_on, ended_on
        locked.save(update_fields=["suspended_on", "ended_on"])
    return locked


def co_debtor_set(*, contract: Contract, actor: User, document: str) -> Contract:
    """Have another customer of the branch answer for a contract's debts, too; empty: nobody.

    What is already at the bureau stays as it was sent. Raises ``ValidationError``.
    """
    branch_id = contract.customer.branch_id
    require(actor, Permission.EDIT_RECEIVABLES, branch_id=branch_id)
    found = None
    if document:
        found = Customer.objects.filter(branch_id=branch_id, document=document).first()
        if found is None:
            raise ValidationError(
                {
                    "document": "Nenhum cliente desta filial tem este CPF ou CNPJ. Nada mudou. "
                    "Cadastre a pessoa como cliente e volte aqui."
                }
            )
        if found.pk == contract.customer_id:
            raise ValidationError(
                {"document": "O coobrigado é outra pessoa, não o próprio cliente."}
            )
    Contract.objects.filter(pk=contract.pk).update(co_debtor=found)
    contract.refresh_from_db()
    return contract


def receivable_correct(
    *,
    receivable: Receivable,
    actor: User,
    amount: Decimal | None = None,
    due_date: date | None = None,
) -> Receivable:
    """Mend the amount (the whole, before what was paid of it) or the due date.

    Mending the amount settles a contest that was upheld: the debt may be charged again. Raises
    ``ValidationError`` with a sentence per field.
    """
    require(actor, Permission.EDIT_RECEIVABLES, branch_id=receivable.branch_id)
    with transaction.atomic():
        locked = Receivable.objects.select_for_update(no_key=True).get(pk=receivable.pk)
        if not locked.is_owed:
            raise ValidationError(
                f"O título {locked.number} não está em aberto "
                f"({locked.get_status_display().lower()}). Nada foi alterado."
            )
        if amount is not None:
            paid = locked.amount - locked.open_amount
            if amount <= paid:
                raise ValidationError(
                    {"amount": f"O valor precisa passar do que já foi pago ({formats.brl(paid)})."}
                )
            locked.amount, locked.open_amount = amount, amount - paid
            if not locked.impediments.filter(closed_at=None).exists():
                locked.disputed = False
        if due_date is not None:
            locked.due_date = due_date
        locked.save(update_fields=["amount", "open_amount", "due_date", "disputed"])
        changed([locked.pk])
    receivable.refresh_from_db()
    return receivable


def receivable_cancel(*, receivable: Receivable, actor: User, reason: str) -> Receivable:
    """Cancel what is still owed of a receivable, for good; what was paid of it stays paid.

    A listing that it has must come off, and its deadline begins; this removes it no more than a
    payment does. Raises ``ValidationError`` with a sentence.
    """
    require(actor, Permission.EDIT_RECEIVABLES, branch_id=receivable.branch_id)
    reason = " ".join(reason.replace("\x00", "").split())[:500]
    if not reason:
        raise ValidationError(
            {"reason": "Escreva por que cancela: é o que se mostra a quem perguntar."}
        )
    with transaction.atomic():
        locked = Receivable.objects.select_for_update(no_key=True).get(pk=receivable.pk)
        if obstacle := why_no_cancellation(locked):
            raise ValidationError(obstacle)
        ReceivableCancellation.objects.create(
            receivable=locked, amount=locked.open_amount, reason=reason, actor=actor
        )
        locked.status = Receivable.Status.CANCELLED
        locked.save(update_fields=["status"])
        changed([locked.pk])
    receivable.refresh_from_db()
    return receivable
