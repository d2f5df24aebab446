"""Several debts asked for at once, and the amount that each listing says."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.organization.models import Branch, GeneralParameters
from regua.receivables.models import Receivable
from regua.restrictions.choices import Status
from regua.restrictions.models import Restriction
from regua.restrictions.sender import _why_not_any_more
from regua.restrictions.services import NotListable, restriction_request, restrictions_request
from regua.restrictions.statements import debt_read
from regua.web.formats import brl
from tests import factories
from tests.restrictions import bare

pytestmark = pytest.mark.django_db


def parameters(**fields: Any) -> None:
    GeneralParameters.objects.update_or_create(pk=1, defaults=fields)


@pytest.fixture
def debts(branch: Branch) -> list[Receivable]:
    bare.integration(branch)
    customer = factories.customer(branch)
    return [factories.receivable(customer, days_overdue=30 + n) for n in range(3)]


def test_each_debt_becomes_a_listing_of_its_own(debts: list[Receivable], operator: User) -> None:
    rows = restrictions_request(receivables=debts, actor=operator)
    assert [row.receivable for row in rows] == debts
    assert {row.status for row in rows} == {Status.QUEUED}
    assert len({row.idempotency_key for row in rows}) == 3
    assert all(row.events.get().actor == operator for row in rows)


def test_all_or_none_and_each_with_its_reason(debts: list[Receivable], operator: User) -> None:
    first, second, third = debts
    bare.listing(first)
    Receivable.objects.filter(pk=second.pk).update(disputed=True)
    with pytest.raises(NotListable) as refused:
        restrictions_request(receivables=debts, actor=operator)
    assert set(refused.value.reasons) == {first, second}
    said = " ".join(refused.value.messages)
    assert f"Título {first.number}: Este título já tem a negativação" in said
    assert f"Título {second.number}: O cliente contesta" in said
    assert third.number not in said
    assert Restriction.objects.count() == 1


def test_nothing_chosen_and_nobody_elses(
    debts: list[Receivable], operator: User, outsider: User, other_branch: Branch
) -> None:
    with pytest.raises(ValidationError, match="ao menos um"):
        restrictions_request(receivables=[], actor=operator)
    bare.integration(other_branch)
    theirs = factories.receivable(factories.customer(other_branch))
    for actor in (operator, outsider):
        with pytest.raises(NotAllowed):
            restrictions_request(receivables=[debts[0], theirs], actor=actor)
    assert not Restriction.objects.exists()


def test_the_amount_is_updated_by_parameter(branch: Branch, operator: User) -> None:
    bare.integration(branch)
    parameters(amount_updated=True)
    debt = factories.receivable(
        factories.customer(branch), days_overdue=45, amount=Decimal("149.90")
    )
    row = restriction_request(receivable=debt, actor=operator)
    assert (row.principal, row.fine, row.interest, row.amount) == (
        Decimal("149.90"),
        Decimal("3.00"),
        Decimal("2.25"),
        Decimal("155.15"),
    )
    row.refresh_from_db()
    assert row.principal == Decimal("149.90")
    # The sender compares the debt itself, not the sum.
    assert _why_not_any_more(row, debt_read(row)) is None
    Receivable.objects.filter(pk=debt.pk).update(status="partial", open_amount=Decimal("100.00"))
    row.receivable.refresh_from_db()
    assert "valor em aberto mudou" in str(_why_not_any_more(row, debt_read(row)))


def test_what_the_rules_look_at_is_the_open_amount(branch: Branch, operator: User) -> None:
    bare.integration(branch)
    parameters(amount_updated=True, listing_min_amount=Decimal("10.00"))
    debt = factories.receivable(
        factories.customer(branch), days_overdue=400, amount=Decimal("9.90")
    )
    with pytest.raises(ValidationError, match="menor que o mínimo"):
        restriction_request(receivable=debt, actor=operator)


def test_what_calls_for_another_person(debts: list[Receivable], operator: User) -> None:
    parameters(approval_amount=Decimal("129.90"), approval_batch=3)
    # At the limits nobody else is needed.
    rows = restrictions_request(receivables=debts, actor=operator)
    assert {row.status for row in rows} == {Status.QUEUED}
    Restriction.objects.update(status=Status.CANCELLED, due_at=None)

    parameters(approval_amount=Decimal("129.89"))
    [row] = restrictions_request(receivables=debts[:1], actor=operator)
    assert (row.status, row.due_at) == (Status.DRAFT, None)
    assert row.approval_reason.startswith(f"O valor passa de {brl(Decimal('129.89'))};")
    Restriction.objects.update(status=Status.CANCELLED)

    parameters(approval_amount=None, approval_batch=2)
    rows = restrictions_request(receivables=debts, actor=operator)
    assert {row.status for row in rows} == {Status.DRAFT}
    assert "Foram pedidas 3 negativações de uma vez" in rows[0].approval_reason


def test_only_the_large_ones_wait(branch: Branch, debts: list[Receivable], operator: User) -> None:
    parameters(approval_amount=Decimal("500.00"))
    large = factories.receivable(debts[0].customer, amount=Decimal("500.01"))
    rows = restrictions_request(receivables=[*debts, large], actor=operator)
    assert [row.status for row in rows] == [Status.QUEUED] * 3 + [Status.DRAFT]


def test_the_interest_runs_to_the_day_of_asking(branch: Branch, operator: User) -> None:
    bare.integration(branch)
    parameters(amount_updated=True)
    due = timezone.localdate() - timedelta(days=10)
    debt = factories.receivable(factories.customer(branch), days_overdue=10)
    assert debt.due_date == due
    row = restriction_request(receivable=debt, actor=operator)
    assert row.interest == Decimal("0.43")  # 129.90 × 1 % × 10 ÷ 30
