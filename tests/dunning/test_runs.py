"""A run from its simulation to its last slice: what is done, what is not and why, and only once."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.dunning.choices import ContactResult, RunState, Stage
from regua.dunning.models import (
    DunningContact,
    DunningEntry,
    DunningHold,
    DunningMessage,
    DunningPolicy,
    DunningStanding,
    DunningTask,
)
from regua.dunning.running import run_work
from regua.dunning.services import items_leave_out, run_approve, run_cancel, run_start
from regua.integrations.models import Integration
from regua.organization.models import Branch, GeneralParameters
from regua.receivables.models import Receivable
from regua.restrictions.approvals import restriction_approve
from regua.restrictions.choices import Form, Source, Status
from regua.restrictions.history import debtor_snapshot
from regua.restrictions.models import Restriction
from tests import factories
from tests.dunning.conftest import executed, simulated

pytestmark = pytest.mark.django_db


def debt(branch: Branch, days_overdue: int, **fields: object) -> Receivable:
    of = {
        name: fields.pop(name) for name in ("dunned", "email", "group", "active") if name in fields
    }
    customer = factories.customer(branch, **{"email": "maria@exemplo.test", **of})
    return factories.receivable(customer, days_overdue=days_overdue, **fields)


def stages(receivable: Receivable) -> list[str]:
    return [entry.stage for entry in DunningEntry.objects.filter(receivable=receivable)]


def test_each_debt_takes_its_step_once(branch: Branch, policy: DunningPolicy) -> None:
    before, today, late, older = (debt(branch, days) for days in (-3, 0, 5, 30))
    not_yet = debt(branch, -4)
    executed(branch)
    assert stages(before) == [Stage.REMINDER]
    assert stages(today) == [Stage.DUE]
    assert stages(late) == [Stage.NOTICE]
    assert stages(older) == [Stage.NOTICE], "the notice is not skipped by a debt found late"
    assert stages(not_yet) == []
    counts = [m.objects.count() for m in (DunningEntry, DunningMessage, DunningTask)]
    assert counts == [4, 4, 2]

    again = executed(branch)
    assert [m.objects.count() for m in (DunningEntry, DunningMessage, DunningTask)] == counts
    assert again.slices.get(number=1).done["steps"] == {}


def test_the_distance_between_steps_is_kept_by_a_debt_found_late(
    branch: Branch, policy: DunningPolicy
) -> None:
    row = debt(branch, 200)
    today = timezone.localdate()
    seen = {}
    for days in range(0, 90, 5):
        run = executed(branch, today + timedelta(days=days))
        seen[days] = run.slices.get(number=1).done["steps"]
    taken = [days for days, steps in seen.items() if steps]
    assert taken == [0, 15, 85], "5, 20 and 90 days, from the day it was found"
    assert stages(row) == [Stage.NOTICE, Stage.PENDENCY, Stage.LIST]


def test_a_listing_is_what_the_service_would_have_written(
    branch: Branch, policy: DunningPolicy, operator: User
) -> None:
    GeneralParameters.objects.update_or_create(pk=1, defaults={"amount_updated": True})
    row = debt(branch, 120, amount=Decimal("133.33"))
    policy.steps.filter(required=True).update(required=False)
    executed(branch)
    made = Restriction.objects.get(receivable=row)
    assert (made.form, made.status, made.requested_by) == (Form.AUTOMATIC, Status.QUEUED, None)
    assert made.events.get().source == Source.ROUTINE
    assert stages(row) == [Stage.LIST]

    from regua.restrictions.services import restriction_request

    other = factories.receivable(row.customer, days_overdue=120, amount=Decimal("133.33"))
    asked = restriction_request(receivable=other, actor=operator)
    for name in ("amount", "fine", "interest", "debtor", "co_debtor", "gate", "restriction_code"):
        assert getattr(made, name) == getattr(asked, name), name
    assert made.debtor == debtor_snapshot(row.customer)


def test_every_reason_that_holds_a_debt_is_told_at_once(
    branch: Branch, policy: DunningPolicy, automatic: Integration
) -> None:
    policy.steps.filter(required=True).update(required=False)
    row = debt(branch, 120, dunned=False, awaiting_confirmation=True)
    promised = debt(branch, 5)
    DunningContact.objects.create(
        customer=promised.customer,
        kind="phone",
        result=ContactResult.PROMISE,
        promised_on=timezone.localdate() + timedelta(days=2),
        actor=factories.user(Role.COLLECTIONS),
    )
    Integration.objects.update(automatic=False)
    run = simulated(branch)
    assert DunningHold.objects.get(receivable=promised).reasons == ["promise"]
    reasons = DunningHold.objects.get(receivable=row).reasons
    assert {"customer.dunned", "debt.awaiting", "switch.automatic"} <= set(reasons)
    assert "debt.not_awaiting" in reasons or any(code.startswith("debt.") for code in reasons)
    held = run.slices.get(number=1).found["held"]
    assert isinstance(held, dict)
    assert held["promise"][0] == 1
    assert not DunningEntry.objects.exists()

    run_cancel(run=run, actor=factories.user(Role.COLLECTIONS))
    Integration.objects.update(automatic=True)
    Receivable.objects.filter(pk=row.pk).update(awaiting_confirmation=False)
    row.customer.dunned = True
    row.customer.save()
    executed(branch)
    assert stages(row) == [Stage.LIST]
    assert list(DunningHold.objects.values_list("receivable", flat=True)) == [promised.pk]


def test_what_is_taken_out_before_approving_is_not_done(
    branch: Branch, policy: DunningPolicy, manager: User
) -> None:
    one, other = debt(branch, 5), debt(branch, 5)
    run = simulated(branch)
    item = run.items.get(receivable=one)
    assert items_leave_out(run=run, actor=manager, ids=[item.pk]) == 1
    run_approve(run=run, actor=manager)
    run_work(run.pk)
    assert (stages(one), stages(other)) == ([], [Stage.NOTICE])


def test_what_was_paid_since_the_simulation_is_left_alone(
    branch: Branch, policy: DunningPolicy, manager: User
) -> None:
    row = debt(branch, 5)
    run = simulated(branch)
    Receivable.objects.filter(pk=row.pk).update(status="received", open_amount=0)
    run_approve(run=run, actor=manager)
    run_work(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.DONE
    assert stages(row) == []
    assert run.slices.get(number=1).done["changed"] == 1


def test_what_becomes_of_a_debt_ends_its_way(branch: Branch, policy: DunningPolicy) -> None:
    paid, cancelled, renegotiated = (debt(branch, 5) for _ in range(3))
    executed(branch)
    Receivable.objects.filter(pk=paid.pk).update(status="received", open_amount=0)
    Receivable.objects.filter(pk=cancelled.pk).update(status="cancelled")
    Receivable.objects.filter(pk=renegotiated.pk).update(renegotiated=True)
    executed(branch)
    assert stages(paid)[-1] == Stage.RECEIVED
    assert stages(cancelled)[-1] == Stage.CANCELLED
    assert stages(renegotiated)[-1] == Stage.RENEGOTIATED
    assert not DunningStanding.objects.filter(open=True).exists()


def test_one_run_of_a_branch_is_open_at_a_time(
    branch: Branch, policy: DunningPolicy, manager: User
) -> None:
    run_start(branch=branch, actor=manager)
    with pytest.raises(ValidationError, match="já tem uma execução em andamento"):
        run_start(branch=branch, actor=manager)


def test_what_is_above_the_limit_waits_for_a_person(
    branch: Branch, late: DunningPolicy, manager: User, client: Client
) -> None:
    GeneralParameters.objects.update_or_create(pk=1, defaults={"approval_amount": 150})
    large, small = debt(branch, 120, amount=Decimal(200)), debt(branch, 120, amount=Decimal(100))
    executed(branch)
    drafted = Restriction.objects.get(receivable=large)
    assert drafted.awaits_approval
    assert Restriction.objects.get(receivable=small).status == Status.QUEUED
    assert stages(large) == [Stage.LIST]
    client.force_login(manager)
    page = client.get(reverse("restriction_approvals")).content.decode()
    assert re.search(r"Pedida por.>Régua de cobrança<", page)
    restriction_approve(restriction=drafted, actor=manager)
    drafted.refresh_from_db()
    assert (drafted.status, drafted.approved_by) == (Status.QUEUED, manager)


def test_a_slice_that_fails_is_told_and_tried_again(
    branch: Branch, policy: DunningPolicy, manager: User, client: Client
) -> None:
    row = debt(branch, 5)
    run = simulated(branch)
    run_approve(run=run, actor=manager)
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE dunning_dunningentry ADD CONSTRAINT never CHECK (stage = '') NOT VALID"
        )
    with pytest.raises(IntegrityError):
        run_work(run.pk)
    run.refresh_from_db()
    client.force_login(manager)
    page = client.get(reverse("dunning_run", args=[run.pk])).content.decode()
    assert "Uma parte falhou e será tentada de novo." in page
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE dunning_dunningentry DROP CONSTRAINT never")
    assert stages(row) == []
    run_work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.problem) == (RunState.DONE, "")
    assert stages(row) == [Stage.NOTICE]
