"""The daily run: once a day and branch, at its hour, and no further than it may go by itself."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.utils import timezone

from regua.dunning.choices import RunState, Stage
from regua.dunning.jobs import daily
from regua.dunning.models import (
    DunningEntry,
    DunningParameters,
    DunningPolicy,
    DunningRun,
    DunningStanding,
)
from regua.dunning.running import run_work
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.receivables.models import Receivable
from regua.restrictions.automatic import removals_ask
from regua.restrictions.choices import Form, Status
from regua.restrictions.models import Restriction
from tests import factories
from tests.dunning.conftest import executed
from tests.restrictions import bare

pytestmark = pytest.mark.django_db


def active(**fields: object) -> None:
    DunningParameters.objects.update_or_create(
        pk=1, defaults={"active": True, "run_at": time(0), **fields}
    )


def worked() -> DunningRun:
    run = DunningRun.objects.get()
    run_work(run.pk)
    run_work(run.pk)
    run.refresh_from_db()
    return run


def test_it_begins_once_a_day_and_waits_for_a_person(
    branch: Branch, other_branch: Branch, policy: DunningPolicy
) -> None:
    factories.receivable(factories.customer(branch, email="a@exemplo.test"), days_overdue=5)
    daily(timestamp=0)
    assert not DunningRun.objects.exists(), "the régua is not active"
    active()
    daily(timestamp=0)
    daily(timestamp=0)
    runs = DunningRun.objects.order_by("branch_id")
    assert [run.branch for run in runs] == sorted([branch, other_branch], key=lambda b: b.pk)
    run = DunningRun.objects.get(branch=branch)
    run_work(run.pk)
    run_work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.scheduled, run.requested_by) == (RunState.SIMULATED, True, None)
    assert not DunningEntry.objects.exists()


def test_it_goes_on_by_itself_where_the_parameters_say_so(
    branch: Branch, policy: DunningPolicy
) -> None:
    factories.receivable(factories.customer(branch, email="a@exemplo.test"), days_overdue=5)
    active(needs_approval=False)
    daily(timestamp=0)
    assert worked().state == RunState.DONE
    assert DunningEntry.objects.get().stage == Stage.NOTICE
    daily(timestamp=0)
    assert DunningRun.objects.count() == 1, "today's has been made"


def test_it_waits_for_its_hour(branch: Branch, policy: DunningPolicy) -> None:
    later = (timezone.localtime() + timedelta(minutes=5)).time()
    if later < timezone.localtime().time():
        pytest.skip("midnight is five minutes away: no later hour is left today")
    active(run_at=later)
    daily(timestamp=0)
    assert not DunningRun.objects.exists()


@pytest.mark.parametrize("automatic_removal", [True, False])
def test_a_settled_debt_is_taken_off_by_itself_or_waits_on_the_worklist(
    branch: Branch,
    policy: DunningPolicy,
    automatic: Integration,
    *,
    automatic_removal: bool,
) -> None:
    policy.steps.filter(required=True).update(required=False)
    debt = factories.receivable(
        factories.customer(branch, email="a@exemplo.test"), days_overdue=120
    )
    executed(branch)
    Restriction.objects.update(status=Status.SENT, protocol="N1", due_at=None)
    Integration.objects.update(automatic=automatic_removal)
    bare.pay(debt)
    assert Receivable.objects.get().status == Receivable.Status.RECEIVED
    removals_ask()
    executed(branch)

    row = Restriction.objects.get()
    standing = DunningStanding.objects.get()
    last = DunningEntry.objects.latest("id")
    assert standing.open, "its listing still lives"
    if automatic_removal:
        assert (row.status, row.removal_form) == (Status.REMOVAL_QUEUED, Form.AUTOMATIC)
        assert (row.removal_code, row.removal_reason) == ("01", "paid")
        assert standing.stage == last.stage == Stage.UNLIST
    else:
        assert row.status == Status.SENT
        assert standing.stage == last.stage == Stage.RECEIVED
        assert row.duties.filter(ended_at=None).exists(), "it waits on Pagos e ainda negativados"
    Restriction.objects.update(
        status=Status.REMOVAL_QUEUED, removal_code="01", due_at=timezone.now()
    )
    Restriction.objects.update(status=Status.REMOVED, due_at=None)
    executed(branch)
    assert not DunningStanding.objects.get().open
