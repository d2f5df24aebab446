"""Where a debt stands and what comes next, against what the runs then do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.dunning.models import (
    DunningEntry,
    DunningPolicy,
    DunningStanding,
)
from regua.dunning.places import next_step
from regua.dunning.running import run_work
from regua.dunning.services import run_approve
from regua.organization.models import Branch
from tests import factories
from tests.dunning.conftest import executed, simulated
from tests.dunning.test_run_views import signed_in, text
from tests.dunning.test_runs import debt

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("required", [True, False])
def test_the_next_step_is_the_one_that_the_run_takes(
    branch: Branch, policy: DunningPolicy, required: bool
) -> None:
    """Told ahead one debt at a time, and taken by the statement that weighs all of them."""
    if not required:
        policy.steps.update(required=False)
    steps = list(policy.steps.order_by("days"))
    rows = [debt(branch, days) for days in (-9, -4, -3, -1, 0, 2, 4, 5, 19, 20, 60, 90, 200)]
    today = timezone.localdate()
    told = 0
    for offset in (0, 1, 3, 5, 8, 20, 35, 70):
        day = today + timedelta(days=offset)
        standings = DunningStanding.objects.in_bulk([row.pk for row in rows])
        run = simulated(branch, day)
        taken = dict(run.items.values_list("receivable_id", "step_id"))
        for row in rows:
            found = next_step(steps, due=row.due_date, standing=standings.get(row.pk), today=day)
            ahead = found[0].pk if found and found[1] == day else None
            assert taken.get(row.pk) == ahead, (offset, row.due_date)
            told += ahead is not None
        run_approve(run=run, actor=factories.user(Role.FINANCE_MANAGER))
        run_work(run.pk)
    assert told > 25
    assert DunningEntry.objects.filter(step__isnull=False).count() == told


def test_a_customer_page_tells_where_each_debt_stands(
    branch: Branch, late: DunningPolicy, manager: User
) -> None:
    customer = factories.customer(branch, email="maria@exemplo.test")
    factories.receivable(customer, days_overdue=6)
    early = factories.receivable(customer, days_overdue=-10)
    executed(branch)
    path = reverse("customer_receivables", args=[customer.pk])
    client = signed_in(manager)
    page = text(client.get(path))
    today = timezone.localdate()
    suspended = today + timedelta(days=15)
    assert f"Régua: Aviso de cobrança desde {today:%d/%m/%Y}" in page
    assert f"Próximo passo: Suspensão e rescisão, em {suspended:%d/%m/%Y}" in page
    reminded = early.due_date - timedelta(days=3)
    assert f"Próximo passo: Lembrete, em {reminded:%d/%m/%Y}" in page

    customer.dunned = False
    customer.save()
    factories.receivable(customer, days_overdue=30)
    simulated(branch)
    assert "Retido em Suspensão e rescisão" in text(client.get(path))
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(path)
    for days in range(10):
        factories.receivable(customer, days_overdue=days * 9)
    with CaptureQueriesContext(connection) as many:
        client.get(path)
    assert len(many) == len(few)
