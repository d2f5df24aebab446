"""Corrections against the real sandbox: off and on again, as one operation that cannot end half
done."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.calendar import business_day_after
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.receivables.services import payment_record, receivable_correct
from regua.restrictions.choices import Correction, DutyCause, Status
from regua.restrictions.corrections import (
    correction_cancel,
    correction_request,
    replacements_sweep,
)
from regua.restrictions.models import RemovalDuty, Restriction
from regua.restrictions.sender import restrictions_drain
from regua.restrictions.services import removal_request, restriction_request
from tests import factories
from tests.restrictions.test_life import listed, settle
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def queued(integration: Integration, branch: Branch, operator: User) -> Restriction:
    return restriction_request(
        receivable=factories.receivable(factories.customer(branch)), actor=operator
    )


@pytest.fixture
def active(queued: Restriction, integration: Integration) -> Restriction:
    settle(integration, queued, lambda: queued.status == Status.ACTIVE)
    return queued


def pay(row: Restriction, actor: User, amount: str) -> None:
    payment_record(
        receivable=row.receivable,
        actor=actor,
        amount=Decimal(amount),
        paid_on=row.receivable.due_date,
    )


def duty_of(row: Restriction) -> RemovalDuty:
    return RemovalDuty.objects.get(restriction=row)


def test_a_partial_payment_is_due_to_be_corrected_and_is(
    active: Restriction, integration: Integration, operator: User, sandbox: Sandbox
) -> None:
    pay(active, operator, "100.00")
    today = timezone.localdate()
    duty = duty_of(active)
    assert (duty.cause, duty.starts_on) == (DutyCause.AMOUNT_CHANGED, today)
    assert duty.due_on == business_day_after(today, 5)

    new = correction_request(restriction=active, actor=operator, kind=Correction.PARTIAL_PAYMENT)
    assert (active.status, active.removal_code) == (Status.REMOVAL_QUEUED, "07")
    assert (new.status, new.replaces, new.amount) == (Status.DRAFT, active, Decimal("29.90"))

    settle(integration, new, lambda: new.status == Status.ACTIVE)
    active.refresh_from_db()
    assert active.status == Status.REMOVED
    assert [line["valor"] for line in listed(sandbox, new)] == ["29.90"]
    assert len(sandbox.ledger()) == 2
    assert duty_of(active).outcome == "met"


def test_a_listed_amount_that_is_right_again_is_due_no_more(
    active: Restriction, operator: User
) -> None:
    receivable_correct(receivable=active.receivable, actor=operator, amount=Decimal("80.00"))
    assert duty_of(active).cause == DutyCause.AMOUNT_CHANGED
    receivable_correct(receivable=active.receivable, actor=operator, amount=active.amount)
    assert duty_of(active).outcome == "void"


def test_paid_in_full_meanwhile_it_is_given_up(
    active: Restriction, integration: Integration, operator: User, sandbox: Sandbox
) -> None:
    pay(active, operator, "100.00")
    new = correction_request(restriction=active, actor=operator, kind="partial_payment")
    pay(active, operator, "29.90")
    assert duty_of(active).cause == DutyCause.PAID, "now it must come off for good"
    settle(integration, new, lambda: new.status != Status.DRAFT)
    assert new.status == Status.CANCELLED
    assert "já foi recebido" in new.problem
    active.refresh_from_db()
    assert active.status == Status.REMOVED
    assert len(sandbox.ledger()) == 1


def test_it_takes_the_data_of_the_moment_at_which_the_old_one_is_off(
    active: Restriction, integration: Integration, operator: User, sandbox: Sandbox
) -> None:
    new = correction_request(
        restriction=active, actor=operator, kind="name", changes={"name": "Maria da Silva Certa"}
    )
    pay(active, operator, "9.90")
    settle(integration, new, lambda: new.status == Status.ACTIVE)
    assert new.amount == Decimal("120.00")
    assert new.debtor["name"] == "Maria da Silva Certa"
    assert not RemovalDuty.objects.filter(restriction=new).exists(), "it says what is true"


@pytest.mark.parametrize("kind", ["lost_answer", "timeout", "status"])
@pytest.mark.parametrize("step", ["/baixa", "/v1/negativacoes"])
def test_a_lost_answer_neither_doubles_nor_loses_it(
    kind: str,
    step: str,
    active: Restriction,
    integration: Integration,
    operator: User,
    sandbox: Sandbox,
) -> None:
    rule = {"method": "POST", "path": step, "kind": kind, "times": 1}
    if kind == "status":
        rule |= {"status": 503, "done": True}
    sandbox.add_faults(rule)
    due = active.due_date - timedelta(days=3)
    new = correction_request(
        restriction=active, actor=operator, kind="due_date", changes={"due_date": due}
    )
    settle(integration, new, lambda: new.status == Status.ACTIVE)
    active.refresh_from_db()
    assert active.status == Status.REMOVED
    states = {line["referencia"]: line["situacao"] for line in sandbox.ledger()}
    assert states == {
        str(active.idempotency_key): "BAIXADA",
        str(new.idempotency_key): "ATIVA",
    }
    assert new.due_date == due


def test_what_has_not_left_is_corrected_in_place(
    queued: Restriction, integration: Integration, operator: User, sandbox: Sandbox
) -> None:
    new = correction_request(
        restriction=queued, actor=operator, kind="amount", changes={"amount": Decimal("80.00")}
    )
    assert (queued.status, new.status) == (Status.CANCELLED, Status.QUEUED)
    settle(integration, new, lambda: new.status == Status.ACTIVE)
    assert [line["valor"] for line in sandbox.ledger()] == ["80.00"]


def test_what_may_have_left_is_not_touched(
    queued: Restriction, integration: Integration, operator: User, sandbox: Sandbox
) -> None:
    sandbox.add_faults(
        {"method": "POST", "path": "/v1/negativacoes", "kind": "lost_answer", "times": 1}
    )
    restrictions_drain(integration.pk)
    with pytest.raises(ValidationError, match="ainda não confirmou"):
        correction_request(
            restriction=queued, actor=operator, kind="amount", changes={"amount": Decimal(80)}
        )
    queued.receivable.refresh_from_db()
    assert queued.receivable.amount == Decimal("129.90"), "nothing half written"


def test_the_bureau_refuses_the_removal(
    active: Restriction, integration: Integration, operator: User, sandbox: Sandbox
) -> None:
    new = correction_request(restriction=active, actor=operator, kind="address")
    Restriction.objects.filter(pk=active.pk).update(removal_code="97")  # only the bureau's own
    restrictions_drain(integration.pk)
    active.refresh_from_db()
    new.refresh_from_db()
    assert active.status == Status.ACTIVE
    assert new.status == Status.CANCELLED
    assert "continua como estava" in new.problem
    assert len(sandbox.ledger()) == 1


def test_given_up_before_the_removal_left(
    active: Restriction, integration: Integration, operator: User, sandbox: Sandbox
) -> None:
    new = correction_request(restriction=active, actor=operator, kind="address")
    correction_cancel(restriction=new, actor=operator)
    active.refresh_from_db()
    assert (active.status, new.status) == (Status.ACTIVE, Status.CANCELLED)
    assert duty_of(active).outcome == "void"
    assert restrictions_drain(integration.pk) == 0
    assert [line["situacao"] for line in sandbox.ledger()] == ["ATIVA"]
    # Neither the old listing nor the debt is left in a state that forbids what comes next.
    removal_request(restriction=active, actor=operator, reason="paid")


def test_too_late_to_give_up(active: Restriction, integration: Integration, operator: User) -> None:
    new = correction_request(restriction=active, actor=operator, kind="address")
    restrictions_drain(integration.pk)
    with pytest.raises(ValidationError, match="já saiu"):
        correction_cancel(restriction=new, actor=operator)
    new.refresh_from_db()
    assert new.status == Status.DRAFT


def test_giving_up_keeps_the_clock_of_an_amount_that_is_wrong(
    active: Restriction, operator: User
) -> None:
    pay(active, operator, "100.00")
    new = correction_request(restriction=active, actor=operator, kind="partial_payment")
    correction_cancel(restriction=new, actor=operator)
    duty = duty_of(active)
    assert (duty.cause, duty.ended_at) == (DutyCause.AMOUNT_CHANGED, None)


def test_what_the_gate_forbids_is_said_before_anything_is_done(
    active: Restriction, operator: User
) -> None:
    pay(active, operator, "125.00")  # 4,90 are left: below what a bureau takes
    with pytest.raises(ValidationError, match="menor que o mínimo") as error:
        correction_request(restriction=active, actor=operator, kind="partial_payment")
    assert "peça só a baixa" in " ".join(error.value.messages)
    active.refresh_from_db()
    assert active.status == Status.ACTIVE
    assert Restriction.objects.count() == 1


def test_who_may(active: Restriction, attendant: User, outsider: User) -> None:
    for actor in (attendant, outsider):
        with pytest.raises(NotAllowed):
            correction_request(restriction=active, actor=actor, kind="amount")


def test_twice_is_once(active: Restriction, operator: User) -> None:
    correction_request(restriction=active, actor=operator, kind="address")
    with pytest.raises(ValidationError, match="já foi pedida"):
        correction_request(restriction=active, actor=operator, kind="address")
    assert Restriction.objects.filter(replaces=active).count() == 1


def test_the_sweep_finds_what_other_hands_moved(
    active: Restriction, integration: Integration, operator: User
) -> None:
    new = correction_request(restriction=active, actor=operator, kind="address")
    assert replacements_sweep() == 0, "it waits as it should"
    Restriction.objects.filter(pk=active.pk).update(status=Status.REMOVED, due_at=None)
    assert replacements_sweep() == 1
    new.refresh_from_db()
    assert new.status == Status.QUEUED
    assert replacements_sweep() == 0
