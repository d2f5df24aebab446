"""Recording payments, and the invariants of receivables."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.organization.models import Branch
from regua.receivables.models import Payment, Receivable
from regua.receivables.selectors import receivables_visible
from regua.receivables.services import payment_record
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@pytest.fixture
def owed(branch: Branch) -> Receivable:
    return factories.receivable(factories.customer(branch), amount=Decimal("100.00"))


def test_three_actors(
    owed: Receivable, manager: User, operator: User, attendant: User, outsider: User
) -> None:
    for nobody in (outsider, attendant):
        with pytest.raises(NotAllowed):
            payment_record(receivable=owed, actor=nobody, amount=Decimal(1), paid_on=TODAY())
    payment = payment_record(
        receivable=owed, actor=operator, amount=Decimal("40.00"), paid_on=TODAY()
    )
    assert payment.recorded_by == operator
    assert receivables_visible(manager).get() == owed
    assert not receivables_visible(outsider).exists()
    assert not receivables_visible(attendant).exists()


def test_in_part_then_whole(owed: Receivable, operator: User) -> None:
    payment_record(receivable=owed, actor=operator, amount=Decimal("40.00"), paid_on=TODAY())
    assert (owed.status, owed.open_amount) == ("partial", Decimal("60.00"))
    payment_record(receivable=owed, actor=operator, amount=Decimal("60.00"), paid_on=TODAY())
    assert (owed.status, owed.open_amount) == ("received", Decimal("0.00"))
    with pytest.raises(ValidationError, match="não está em aberto"):
        payment_record(receivable=owed, actor=operator, amount=Decimal(1), paid_on=TODAY())
    assert Payment.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": Decimal("0")}, "amount"),
        ({"amount": Decimal("-5")}, "amount"),
        ({"amount": Decimal("100.01")}, "amount"),
        ({"paid_on": timedelta(days=1)}, "paid_on"),
        ({"available_on": timedelta(days=-1)}, "available_on"),
    ],
)
def test_what_cannot_be(
    change: dict[str, Any], field: str, owed: Receivable, operator: User
) -> None:
    values: dict[str, Any] = {"amount": Decimal("10"), "paid_on": TODAY(), **change}
    for name in ("paid_on", "available_on"):
        if isinstance(values.get(name), timedelta):
            values[name] = TODAY() + values[name]
    with pytest.raises(ValidationError) as caught:
        payment_record(receivable=owed, actor=operator, **values)
    assert list(caught.value.message_dict) == [field]
    owed.refresh_from_db()
    assert owed.open_amount == Decimal("100.00")
    assert not Payment.objects.exists()


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("open_amount_fits_status", {"open_amount": Decimal("99.00")}),
        ("open_amount_fits_status", {"status": "received"}),
        ("open_amount_fits_status", {"status": "partial"}),
        ("open_amount_fits_status", {"status": "partial", "open_amount": Decimal(0)}),
        ("status_known", {"status": "lost", "open_amount": Decimal(0)}),
        ("amount_positive", {"amount": Decimal(0), "open_amount": Decimal(0)}),
        ("numbered", {"our_number": ""}),
    ],
)
def test_impossible_rows(constraint: str, change: dict[str, Any], owed: Receivable) -> None:
    with pytest.raises(IntegrityError, match="receivable_"), transaction.atomic():
        Receivable.objects.filter(pk=owed.pk).update(**change)


def test_our_number_is_once_per_branch(owed: Receivable) -> None:
    another = factories.receivable(owed.customer)
    with pytest.raises(IntegrityError, match="receivable_once"), transaction.atomic():
        Receivable.objects.filter(pk=another.pk).update(our_number=owed.our_number)
