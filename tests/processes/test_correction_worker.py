"""A correction survives the sudden death of its worker at each of its steps."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.utils import timezone

from regua.accounts.models import User
from regua.integrations.models import Integration
from regua.receivables.services import payment_record
from regua.restrictions.choices import Status
from regua.restrictions.corrections import correction_request
from regua.restrictions.models import Restriction
from tests.processes.running import eventually, running_worker, workers_alive
from tests.processes.test_worker import (
    assert_agreed,
    assert_lawful_history,
    calls_under_way,
    reaches,
)
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("done", [True, False], ids=["heard", "unheard"])
@pytest.mark.parametrize(
    "step", ["^/v1/negativacoes/.*/baixa$", "^/v1/negativacoes$"], ids=["removal", "listing"]
)
def test_killed_at_a_step_it_ends_whole(
    step: str,
    done: bool,
    ask: Callable[[], Restriction],
    integration: Integration,
    operator: User,
    sandbox: Sandbox,
) -> None:
    old = ask()
    with running_worker():
        reaches(old, Status.ACTIVE)
    Integration.objects.update(last_sync_at=timezone.now())
    payment_record(
        receivable=old.receivable,
        actor=operator,
        amount=Decimal("100.00"),
        paid_on=old.receivable.due_date,
    )
    new = correction_request(restriction=old, actor=operator, kind="partial_payment")
    sandbox.add_faults(
        {"method": "POST", "path": step, "kind": "timeout", "done": done, "times": 1}
    )
    with running_worker(REGUA_BUREAU_TIMEOUT="8", REGUA_SENDER_LEASE="9") as worker:
        eventually(workers_alive)
        eventually(lambda: sandbox.faults()[0]["hits"] == 1 and calls_under_way() == 1)
        worker.kill()
    with running_worker():
        reaches(new, Status.ACTIVE)
    old.refresh_from_db()
    assert_agreed(sandbox, new, "ATIVA")
    assert_agreed(sandbox, old, "BAIXADA")
    assert (old.amount, new.amount) == (Decimal("129.90"), Decimal("29.90"))
    assert len(sandbox.ledger()) == 2
    assert_lawful_history(old)
    assert_lawful_history(new)
