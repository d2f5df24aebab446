"""The comparison finds what is wrong: without this, chaos would prove nothing."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from regua.accounts.models import User
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.restrictions.choices import Status
from regua.restrictions.models import Restriction
from regua.restrictions.sender import restrictions_drain
from regua.restrictions.services import restriction_request
from regua.restrictions.sync import restrictions_sync
from tests import factories
from tests.chaos.ledgers import Findings, compare
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def row(integration: Integration, branch: Branch, operator: User) -> Restriction:
    """Listed and active on both sides."""
    debt = factories.receivable(factories.customer(branch))
    row = restriction_request(receivable=debt, actor=operator)
    deadline = time.monotonic() + 30
    while row.status != Status.ACTIVE:
        assert time.monotonic() < deadline
        restrictions_drain(integration.pk)
        restrictions_sync(integration=integration)
        row.refresh_from_db()
    return row


@pytest.fixture
def look(row: Restriction, sandbox: Sandbox) -> Look:
    return Look(row, sandbox)


class Look:
    def __init__(self, row: Restriction, sandbox: Sandbox) -> None:
        self.row, self.sandbox = row, sandbox
        self.asked = {row.receivable_id: {row.pk}}
        self.unwanted = False
        self.copies = 1

    def __call__(self) -> tuple[int, int, int, int]:
        """How many are doubled, lost, stuck and disagree."""
        theirs = {self.row.integration_id: self.sandbox.ledger() * self.copies}
        found: Findings = compare(self.asked, theirs, lambda _: self.unwanted)
        counts = [len(found.doubled), len(found.lost), len(found.stuck), len(found.disagree)]
        assert found.clean == (not any(counts))
        return tuple(counts)  # type: ignore[return-value]


def test_agreement(look: Look) -> None:
    assert look() == (0, 0, 0, 0)
    assert compare({}, {}, lambda _: False).summary(7) == (
        "chaos n=7 doubled=1 lost=1 stuck=0 disagree=0"
    ), "a listing that nobody asked for, and that the bureau has not"


def test_doubled(look: Look) -> None:
    look.copies = 2
    assert look()[0] == 2, "one reference twice, one debt alive twice"


def test_lost_there(look: Look) -> None:
    look.sandbox.reset()
    assert look() == (0, 1, 0, 0)


def test_lost_here(look: Look) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE restrictions_restriction CASCADE")
    doubled, lost, *_ = look()
    assert (doubled, lost) == (1, 2), "acknowledged and gone, and unknown to us at the bureau"


def test_stuck(look: Look) -> None:
    look.unwanted = True
    assert look() == (0, 0, 1, 0)
    Restriction.objects.update(due_at=timezone.now())
    assert look()[2] == 2
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (task_name, queue_name, status)"
            " VALUES ('restrictions.send', 'bureau', 'doing')"
        )
    assert look()[2] == 3


def test_disagree(look: Look) -> None:
    look.sandbox.force(look.row.protocol, "BAIXADA", codigo_baixa="95")
    assert look()[3] == 4, "status, version, removal code and its date"


def test_a_torn_history(look: Look) -> None:
    look.row.events.create(status_before=Status.SENT, status=Status.ACTIVE, source="sync", text="x")
    assert look() == (0, 0, 0, 1)


def test_sent_though_paid(look: Look, operator: User) -> None:
    debt = look.row.receivable
    debt.payments.create(
        amount=debt.amount, paid_on=debt.due_date, available_on=debt.due_date, recorded_by=operator
    )
    debt.payments.update(recorded_at=timezone.now() - timedelta(minutes=1))
    assert look() == (0, 0, 0, 1)
