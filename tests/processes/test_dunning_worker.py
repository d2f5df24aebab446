"""A run shared by real workers, some of which die over it: each step once, none lost."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from django.db.models import Count

from regua.accounts.models import User
from regua.dunning import services
from regua.dunning.choices import RunState
from regua.dunning.defaults import default_policy_create
from regua.dunning.models import DunningEntry, DunningMessage, DunningRun, DunningStanding
from regua.dunning.services import run_approve, run_start
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.restrictions.models import Restriction
from tests import factories
from tests.dunning.conftest import ADDRESS
from tests.processes.running import eventually, running_worker

pytestmark = pytest.mark.django_db(transaction=True)

DEBTS = 60


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "SLICE", 4)


@pytest.fixture
def collecting(integration: Integration, branch: Branch, small_slices: None) -> Branch:
    """Sixty debts in fifteen slices, all of them for listing."""
    Branch.objects.filter(pk=branch.pk).update(**ADDRESS)
    Integration.objects.update(automatic=True)
    default_policy_create().steps.update(required=False)
    for _ in range(DEBTS):
        factories.receivable(factories.customer(branch), days_overdue=120)
    branch.refresh_from_db()
    return branch


def in_state(run: DunningRun, state: str) -> Any:
    run.refresh_from_db()
    return run.state == state


def test_workers_are_killed_over_it_and_every_step_is_taken_once(
    collecting: Branch, manager: User
) -> None:
    run = run_start(branch=collecting, actor=manager)
    assert run.slices.count() == DEBTS // 4 + 1
    draws = random.Random(3)
    with running_worker(), running_worker():
        eventually(lambda: in_state(run, RunState.SIMULATED), 60)
    assert run.items.count() == DEBTS
    run_approve(run=run, actor=manager)
    for _ in range(3):
        with running_worker() as one, running_worker():
            time.sleep(draws.uniform(0.5, 2.5))  # at any moment of its work, or before it
            one.kill()
    with running_worker():
        eventually(lambda: in_state(run, RunState.DONE), 60)
    per_debt = DunningEntry.objects.values("receivable").annotate(many=Count("pk"))
    assert [row["many"] for row in per_debt] == [1] * DEBTS
    assert DunningStanding.objects.count() == DEBTS
    listed = Restriction.objects.values("receivable").annotate(many=Count("pk"))
    assert [row["many"] for row in listed] == [1] * DEBTS
    assert not DunningMessage.objects.exists()
    assert sum(part.done.get("listed", 0) for part in run.slices.all()) == DEBTS
