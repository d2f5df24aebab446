"""A branch that has all it needs to collect by itself."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.utils import timezone
from pydantic import SecretStr

from regua.accounts.permissions import Role
from regua.dunning.choices import RunState
from regua.dunning.defaults import default_policy_create
from regua.dunning.models import DunningPolicy, DunningRun
from regua.dunning.running import run_work
from regua.dunning.services import run_approve, run_start
from regua.integrations.models import Integration
from regua.organization.models import Branch
from tests import factories
from tests.restrictions import bare

ADDRESS = {
    "postal_code": "01310100",
    "street": "Avenida Paulista",
    "number": "900",
    "district": "Bela Vista",
    "city": "São Paulo",
    "state": "SP",
}


@pytest.fixture
def branch(db: None) -> Branch:
    return factories.branch("Centro", **ADDRESS)


@pytest.fixture
def automatic(branch: Branch) -> Integration:
    """Linked, in production, listing by itself; nobody answers at its address."""
    return bare.integration(
        branch, automatic=True, codes_synced_at=timezone.now(), listing_price="4.90"
    )


@pytest.fixture
def mail(settings: Any) -> None:
    """A mail server is configured; nothing is sent where no sender runs."""
    address = {"smtp_url": SecretStr("smtp://127.0.0.1:9")}
    settings.CONFIG = settings.CONFIG.model_copy(update=address)


@pytest.fixture
def policy(automatic: Integration, mail: None) -> DunningPolicy:
    return default_policy_create()


@pytest.fixture
def late(policy: DunningPolicy) -> DunningPolicy:
    """The default policy, whose steps may all be skipped."""
    policy.steps.update(required=False)
    return policy


def simulated(branch: Branch, day: date | None = None) -> DunningRun:
    run = run_start(branch=branch, actor=None, day=day)
    run_work(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.SIMULATED
    return run


def executed(branch: Branch, day: date | None = None) -> DunningRun:
    """Simulated and executed, by one worker."""
    run = simulated(branch, day)
    run_approve(run=run, actor=factories.user(Role.FINANCE_MANAGER))
    run_work(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.DONE
    return run
