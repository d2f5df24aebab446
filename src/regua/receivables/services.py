"""Recording what was paid."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from regua.accounts.access import require
from regua.accounts.models import User
from regua.accounts.permissions import Permission
from regua.receivables.changes import changed
from regua.receivables.models import Payment, Receivable


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
        locked = Receivable.objects.select_for_update().get(pk=receivable.pk)
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
