"""Four eyes: nobody approves what they asked for, nothing goes twice, the gate is asked again."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.integrations.models import Integration
from regua.organization.models import Branch, GeneralParameters
from regua.parties.models import Customer
from regua.receivables.models import Receivable
from regua.restrictions.approvals import restriction_approve, restriction_reject
from regua.restrictions.choices import Status
from regua.restrictions.models import Restriction
from regua.restrictions.selectors import approvers, awaiting_approval
from regua.restrictions.sender import restrictions_drain
from regua.restrictions.services import (
    removal_request,
    restriction_cancel,
    restriction_request,
    restrictions_request,
)
from tests import factories
from tests.restrictions import bare
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _above_ten_reais(branch: Branch) -> None:
    GeneralParameters.objects.update_or_create(pk=1, defaults={"approval_amount": Decimal("10.00")})


@pytest.fixture
def draft(branch: Branch, integration: Integration, operator: User) -> Restriction:
    return restriction_request(
        receivable=factories.receivable(factories.customer(branch)), actor=operator
    )


def test_another_person_approves_and_it_leaves(
    draft: Restriction, manager: User, operator: User, sandbox: Sandbox
) -> None:
    restrictions_drain(draft.integration_id)
    assert sandbox.ledger() == []
    assert not ProcrastinateJob.objects.filter(task_name="restrictions.send").exists()
    restriction_approve(restriction=draft, actor=manager)
    assert (draft.status, draft.approved_by) == (Status.QUEUED, manager)
    assert draft.approved_at is not None
    assert ProcrastinateJob.objects.filter(task_name="restrictions.send").exists()
    restrictions_drain(draft.integration_id)
    assert len(sandbox.ledger()) == 1
    assert [event.actor for event in draft.events.all()[:2]] == [operator, manager]


def test_who_may_not(
    branch: Branch,
    draft: Restriction,
    operator: User,
    attendant: User,
    outsider: User,
    other_branch: Branch,
) -> None:
    elsewhere = factories.user(Role.FINANCE_MANAGER, other_branch)
    for nobody in (operator, attendant, outsider, elsewhere):
        with pytest.raises(NotAllowed):
            restriction_approve(restriction=draft, actor=nobody)
        with pytest.raises(NotAllowed):
            restriction_reject(restriction=draft, actor=nobody, reason="Não.")
    draft.refresh_from_db()
    assert draft.status == Status.DRAFT


def test_not_the_one_who_asked(branch: Branch, integration: Integration, manager: User) -> None:
    row = restriction_request(
        receivable=factories.receivable(factories.customer(branch)), actor=manager
    )
    for act in (
        lambda: restriction_approve(restriction=row, actor=manager),
        lambda: restriction_reject(restriction=row, actor=manager, reason="Não."),
    ):
        with pytest.raises(ValidationError, match="outra pessoa precisa aprovar"):
            act()
    # The database says so too.
    with pytest.raises(IntegrityError, match="restriction_four_eyes"), transaction.atomic():
        Restriction.objects.filter(pk=row.pk).update(approved_by=manager)
    assert manager not in approvers(row)


def test_who_is_named_as_approver(
    draft: Restriction, manager: User, administrator: User, other_branch: Branch
) -> None:
    factories.user(Role.FINANCE_MANAGER, other_branch)
    factories.user(Role.FINANCE_MANAGER, draft.branch, is_active=False)
    assert set(approvers(draft)) == {manager, administrator}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"disputed": True}, "contesta"),
        ({"status": "received", "open_amount": 0}, "não está em aberto"),
        ({"status": "partial", "open_amount": Decimal("50.00")}, "valor em aberto mudou"),
    ],
)
def test_the_gate_is_asked_again(
    draft: Restriction, manager: User, change: dict[str, Any], sentence: str
) -> None:
    Receivable.objects.filter(pk=draft.receivable_id).update(**change)
    with pytest.raises(ValidationError, match=sentence):
        restriction_approve(restriction=draft, actor=manager)
    draft.refresh_from_db()
    assert (draft.status, draft.approved_by) == (Status.DRAFT, None)


def test_the_bureau_is_told_what_the_gate_saw_last(draft: Restriction, manager: User) -> None:
    Customer.objects.filter(pk=draft.customer_id).update(complement="Casa 9")
    restriction_approve(restriction=draft, actor=manager)
    assert draft.debtor["address"]["complement"] == "Casa 9"


def test_without_the_integration_it_asked_for(draft: Restriction, manager: User) -> None:
    Integration.objects.update(linked_at=None)
    with pytest.raises(ValidationError, match="aba Integrações"):
        restriction_approve(restriction=draft, actor=manager)


def test_rejected_with_a_reason(draft: Restriction, manager: User) -> None:
    for empty in ("", "  ", "\x00"):
        with pytest.raises(ValidationError, match="por que rejeita"):
            restriction_reject(restriction=draft, actor=manager, reason=empty)
    restriction_reject(restriction=draft, actor=manager, reason="Cliente vai pagar amanhã.")
    assert draft.status == Status.CANCELLED
    assert draft.problem == f"{manager.name} não aprovou: Cliente vai pagar amanhã."
    with pytest.raises(ValidationError, match="não espera aprovação"):
        restriction_approve(restriction=draft, actor=manager)


def test_withdrawn_by_who_asked(draft: Restriction, operator: User, manager: User) -> None:
    with pytest.raises(ValidationError, match="Cancele o pedido"):
        removal_request(restriction=draft, actor=operator, reason="paid")
    restriction_cancel(restriction=draft, actor=operator)
    assert draft.status == Status.CANCELLED
    assert draft.events.last().status_before == Status.DRAFT  # type: ignore[union-attr]
    with pytest.raises(ValidationError, match="não espera aprovação"):
        restriction_approve(restriction=draft, actor=manager)


def test_a_correction_is_nobodys_to_approve(
    branch: Branch, integration: Integration, manager: User
) -> None:
    debt = factories.receivable(factories.customer(branch))
    old = bare.listing(debt)
    new = bare.listing(debt, Status.DRAFT, protocol="", replaces=old)
    assert not awaiting_approval(Restriction.objects.all()).exists()
    with pytest.raises(ValidationError, match="correção"):
        restriction_approve(restriction=new, actor=manager)


def test_two_managers_at_once_approve_it_once(
    branch: Branch, draft: Restriction, manager: User
) -> None:
    other = factories.user(Role.FINANCE_MANAGER, branch)
    said = together(
        lambda: restriction_approve(restriction=_again(draft), actor=manager),
        lambda: restriction_approve(restriction=_again(draft), actor=other),
    )
    assert [s for s in said if s] == ["refused"]
    draft.refresh_from_db()
    assert draft.status == Status.QUEUED
    assert draft.events.filter(text="Aprovada.").count() == 1


def test_approval_and_withdrawal_at_once(draft: Restriction, manager: User, operator: User) -> None:
    together(
        lambda: restriction_approve(restriction=_again(draft), actor=manager),
        lambda: restriction_cancel(restriction=_again(draft), actor=operator),
    )
    draft.refresh_from_db()
    # Either order is right: what was approved first may still be withdrawn before it leaves.
    assert draft.status == Status.CANCELLED
    assert draft.due_at is None


def test_two_overlapping_batches_at_once_list_each_debt_once(
    branch: Branch, integration: Integration, operator: User, manager: User
) -> None:
    customer = factories.customer(branch)
    one, two, three = (factories.receivable(customer) for _ in range(3))
    said = together(
        lambda: restrictions_request(receivables=[one, two], actor=operator),
        lambda: restrictions_request(receivables=[three, two], actor=manager),
    )
    assert sorted(said) == ["", "refused"]
    rows = Restriction.objects.all()
    # The whole of one batch, nothing of the other.
    assert {row.receivable for row in rows} in ({one, two}, {two, three})
    assert rows.count() == 2


def _again(row: Restriction) -> Restriction:
    return Restriction.objects.get(pk=row.pk)


def together(*acts: Callable[[], object]) -> list[str]:
    """Run ``acts`` at the same moment; what each said: "" or "refused"."""
    barrier, said = Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        try:
            barrier.wait(10)
            act()
            said.append("")
        except ValidationError:
            said.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return said
