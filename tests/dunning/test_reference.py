"""Day after day, the SQL and the slow reference come to the same about every debt."""

from __future__ import annotations

import os
from datetime import date, timedelta
from random import Random

import pytest
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.dunning.models import (
    DunningContact,
    DunningEntry,
    DunningHold,
    DunningMessage,
    DunningPolicy,
    DunningStanding,
    DunningStep,
    DunningTask,
    MessageOptOut,
)
from regua.dunning.policy_services import STEP_FIELDS, dunning_step_save
from regua.dunning.running import run_work
from regua.dunning.services import run_start
from regua.organization.models import Branch
from regua.parties.models import CustomerGroup
from regua.receivables.models import Contract, Receivable
from regua.restrictions.models import Restriction
from tests import factories
from tests.dunning.reference import Ledger, live

pytestmark = pytest.mark.django_db

DAYS = int(os.environ.get("DAYS", "120"))
"""``make year`` takes a whole one."""


def test_the_sql_does_what_plain_python_would(
    branch: Branch, policy: DunningPolicy, operator: User
) -> None:
    random = Random(20260901)
    chief = factories.user(Role.ADMINISTRATOR)
    today = timezone.localdate()
    people = _town(branch, policy, random, today)
    ledger = Ledger()
    for number in range(DAYS):
        day = today + timedelta(days=number)
        if number % 11 == 10:
            _move_a_step(random, chief)
        _happen(people, ledger, operator, random, day)
        live(day, ledger)
        run = run_start(branch=branch, actor=None, day=day, needs_approval=False)
        run_work(run.pk)
        run_work(run.pk)
        _agree(ledger, f"day {number}, {day}")
    taken = {stage for steps in ledger.entries.values() for stage, _ in steps}
    assert taken >= {"LP", "CV", "AC", "IP", "NC", "RCA", "CCA", "RCB"}
    assert ledger.held, "nothing was held at the end: the data prove little"
    assert ledger.listed


def _town(branch: Branch, policy: DunningPolicy, random: Random, today: date) -> list[Receivable]:
    """Debts of every kind, and policies that contend for them."""
    group = CustomerGroup.objects.create(name="Condomínios")
    gentle = DunningPolicy.objects.create(name="Condomínios", group=group)
    other = DunningPolicy.objects.create(
        name="Outros serviços da filial", branch=branch, contract_kind=Contract.Kind.OTHER
    )
    for own, steps in (
        (gentle, ((10, "AC", "none", ""), (40, "NC", "list", "no"))),
        (other, ((0, "CV", "message", ""), (7, "IP", "none", ""), (30, "NC", "list", "yes"))),
    ):
        template = policy.steps.get(stage="CV").template
        for days, stage, action, auto in steps:
            DunningStep.objects.create(
                policy=own,
                name=f"Passo {days}",
                stage=stage,
                days=days,
                action=action,
                auto_list=auto,
                channel="email" if action == "message" else "",
                template=template if action == "message" else None,
                contact_kind="phone" if stage == "IP" else "",
                next_action_days=3 if stage == "IP" else None,
            )
    found = []
    for number in range(30):
        customer = factories.customer(
            branch,
            email="" if number % 7 == 0 else "pessoa@exemplo.test",
            group=group if number % 5 == 0 else None,
            birth_date=None if number % 11 == 0 else date(1980, 1, 1),
        )
        if number % 9 == 0:
            MessageOptOut.objects.create(customer=customer, channel="email")
        contract = Contract.objects.create(
            customer=customer,
            number=f"K{number}",
            kind=Contract.Kind.TELECOM if number % 3 else Contract.Kind.OTHER,
        )
        for _ in range(2):
            found.append(
                factories.receivable(
                    customer, days_overdue=random.randint(-40, 60), contract=contract
                )
            )
    return found


def _happen(
    debts: list[Receivable], ledger: Ledger, caller: User, random: Random, day: date
) -> None:
    """What the day brings, to a few of them."""
    for debt in random.sample(debts, 2):
        row = Receivable.objects.filter(pk=debt.pk)
        match random.randint(0, 11):
            case 0 | 1:
                row.update(status="received", open_amount=0, renegotiated=False)
            case 2:
                row.filter(status="open").update(status="cancelled")
            case 3:
                row.filter(status="open").update(renegotiated=True)
            case 4:
                row.filter(status="received").update(status="open", open_amount=debt.amount)
            case 5:
                row.update(disputed=random.random() < 0.5)
            case 6:
                row.update(awaiting_confirmation=random.random() < 0.5)
            case 7:
                debt.customer.dunned = random.random() < 0.5
                debt.customer.save(update_fields=["dunned"])
            case 8 | 9:
                DunningContact.objects.create(
                    customer=debt.customer,
                    kind="phone",
                    result="promise",
                    promised_on=day + timedelta(days=random.randint(0, 10)),
                    actor=caller,
                )
            case 10:
                DunningTask.objects.filter(customer=debt.customer).delete()
                ledger.tasks.pop(debt.customer_id, None)
            case _:
                DunningContact.objects.create(
                    customer=debt.customer,
                    kind="phone",
                    result="paid",
                    next_on=day + timedelta(days=2),
                    actor=caller,
                )


def _move_a_step(random: Random, chief: User) -> None:
    """Somebody moves a step, more often to a later day, and says whether it may be skipped."""
    step = random.choice(list(DunningStep.objects.filter(archived_at=None).order_by("id")))
    fields = {name: getattr(step, name) for name in STEP_FIELDS}
    fields["days"] += random.randint(-4, 20)
    fields["required"] = random.random() < 0.3
    taken = step.policy.steps.filter(archived_at=None, days=fields["days"]).exclude(pk=step.pk)
    if not taken.exists() and (fields["action"] != "list" or fields["days"] > 0):
        dunning_step_save(policy=step.policy, step=step, actor=chief, **fields)


def _agree(ledger: Ledger, when: str) -> None:
    entries: dict[int, list[tuple[str, date]]] = {}
    for receivable, stage, on in DunningEntry.objects.order_by("id").values_list(
        "receivable_id", "stage", "on"
    ):
        entries.setdefault(receivable, []).append((stage, on))
    assert entries == ledger.entries, when
    places = {
        row.pk: (row.stage, row.days, row.on, row.open) for row in DunningStanding.objects.all()
    }
    assert places == {
        pk: (place.stage, place.days, place.on, place.open) for pk, place in ledger.places.items()
    }, when
    held = {pk: set(reasons) for pk, reasons in DunningHold.objects.values_list("pk", "reasons")}
    assert held == ledger.held, when
    messages = DunningMessage.objects.values_list("receivable_id", "step__stage")
    assert sorted(messages) == sorted(ledger.messages), when
    listed = Restriction.objects.values_list("receivable_id", flat=True)
    assert sorted(listed) == sorted(ledger.listed), when
    tasks = {row.customer_id: (row.kind, row.due_on) for row in DunningTask.objects.all()}
    assert tasks == ledger.tasks, when
