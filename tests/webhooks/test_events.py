"""Each kind of event comes from the real service that brings it about, once, for whom it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from regua.accounts.models import User
from regua.dunning.models import DunningPolicy
from regua.dunning.services import run_cancel, run_start
from regua.inquiries.policy.services import decision_override, policy_activate, policy_draft
from regua.inquiries.services import inquiries_drain, inquiry_request
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.receivables.models import Receivable
from regua.receivables.services import payment_record
from regua.restrictions.choices import Source, Status
from regua.restrictions.history import record_event
from regua.restrictions.models import RemovalDuty, Restriction
from regua.restrictions.services import removal_request, restriction_request
from regua.restrictions.set_listing import restrictions_list_set
from regua.webhooks import harvest as harvesting
from regua.webhooks.choices import EventType
from regua.webhooks.harvest import deadlines_tell, harvest
from regua.webhooks.models import EventWatch, WebhookDelivery, WebhookEndpoint
from tests import factories
from tests.dunning.conftest import ADDRESS, executed
from tests.dunning.conftest import automatic as automatic
from tests.dunning.conftest import mail as mail
from tests.dunning.conftest import policy as policy
from tests.processes.running import database_url
from tests.restrictions import bare
from tests.webhooks.conftest import told

pytestmark = pytest.mark.django_db
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NOWHERE = "http://127.0.0.1:9/avisos"


@pytest.fixture
def branch(db: None) -> Branch:
    return factories.branch("Centro", **ADDRESS)


@pytest.fixture
def endpoint(subscribe: Callable[..., WebhookEndpoint]) -> WebhookEndpoint:
    return subscribe(NOWHERE)


def debt(branch: Branch, **fields: Any) -> Receivable:
    return factories.receivable(factories.customer(branch), **fields)


def test_a_listing_from_its_request_to_its_removal(
    branch: Branch, operator: User, endpoint: WebhookEndpoint
) -> None:
    bare.integration(branch)
    asked = restriction_request(receivable=debt(branch), actor=operator)
    harvest()
    [first] = told("restriction.changed")
    assert (first["restriction"], first["status_before"], first["status"]) == (
        asked.pk,
        None,
        "queued",
    )
    assert (first["branch"], first["customer"], first["receivable"], first["our_number"]) == (
        branch.pk,
        asked.customer_id,
        asked.receivable_id,
        asked.our_number,
    )
    listed = bare.listing(debt(branch), Status.ACTIVE, actor=operator)
    record_event(listed, text="Só uma notícia.", source=Source.SYNC, before=Status.ACTIVE)
    record_event(listed, text="Mais uma, sem dizer como estava.", source=Source.SYNC)
    removal_request(restriction=listed, actor=operator, reason="paid")
    harvest()
    changes = [row for row in told("restriction.changed") if row["restriction"] == listed.pk]
    assert [(row["status_before"], row["status"]) for row in changes] == [
        (None, "active"),
        ("active", "removal_queued"),
    ], "what changes no status is no event"
    assert harvest() == 0


def test_a_payment_makes_a_removal_due_and_its_deadline_comes_near_once(
    branch: Branch, operator: User, endpoint: WebhookEndpoint
) -> None:
    bare.integration(branch)
    monday = datetime(2026, 11, 23, 10, tzinfo=SAO_PAULO)
    with time_machine.travel(monday, tick=False) as clock:
        rows = [bare.listing(debt(branch)) for _ in range(2)]
        for row in rows:
            payment_record(
                receivable=row.receivable,
                actor=operator,
                amount=row.receivable.open_amount,
                paid_on=monday.date(),
            )
        harvest()
        due = told("restriction.removal_due")
        assert [(row["restriction"], row["cause"]) for row in due] == [
            (row.pk, "paid") for row in rows
        ]
        duty = RemovalDuty.objects.get(restriction=rows[0])
        assert (due[0]["duty"], due[0]["due_on"]) == (duty.pk, str(duty.due_on))
        assert deadlines_tell() == 0, "five business days are left"

        RemovalDuty.objects.filter(restriction=rows[1]).update(
            ended_at=timezone.now(), outcome="met"
        )
        clock.move_to(monday + timedelta(days=3))
        assert deadlines_tell() == 1
        assert deadlines_tell() == 0
    [near] = told("restriction.removal_deadline_near")
    assert (near["duty"], near["restriction"]) == (duty.pk, rows[0].pk)
    assert not EventWatch.objects.exists(), "nothing is left to wait for"


def test_what_had_begun_before_anybody_looked_is_told_of_when_its_turn_comes(
    branch: Branch, operator: User, subscribe: Callable[..., WebhookEndpoint]
) -> None:
    bare.integration(branch)
    row = bare.listing(debt(branch))
    with time_machine.travel(datetime(2026, 11, 23, 10, tzinfo=SAO_PAULO), tick=False) as clock:
        bare.pay(row.receivable)
        subscribe(NOWHERE)
        assert harvest() == 0, "what happened before is not told"
        clock.move_to(datetime(2026, 11, 26, 10, tzinfo=SAO_PAULO))
        assert deadlines_tell() == 1
    assert told("restriction.removal_deadline_near")[0]["restriction"] == row.pk


@pytest.mark.django_db(transaction=True)
def test_an_inquiry_is_answered_and_decided_by_policy_and_person(
    integration: Integration,
    branch: Branch,
    manager: User,
    attendant: User,
    subscribe: Callable[..., WebhookEndpoint],
) -> None:
    policy_activate(policy=policy_draft(branch=branch, actor=manager), actor=manager)
    subscribe(NOWHERE)
    inquiry = inquiry_request(
        actor=attendant, branch=branch, document=factories.cpf_behaving("001")
    )
    harvest()
    assert not WebhookDelivery.objects.exists(), "it is under way"
    inquiries_drain(integration.pk)
    inquiry.refresh_from_db()
    assert harvest() == 2
    [completed] = told("inquiry.completed")
    assert (completed["inquiry"], completed["status"]) == (inquiry.pk, "answered")
    assert (completed["protocol"], completed["outcome"]) == (inquiry.protocol, inquiry.outcome)
    [decided] = told("inquiry.decided")
    assert (decided["outcome"], decided["decided_by"]) == (inquiry.outcome, "policy")
    assert decided["policy_version"] == 1

    decision_override(inquiry=inquiry, actor=manager, outcome="deny", reason="Área sem rede.")
    assert harvest() == 1
    assert [(row["outcome"], row["decided_by"]) for row in told("inquiry.decided")] == [
        (inquiry.decision.outcome, "policy"),
        ("deny", "person"),
    ]
    assert_nobody_is_named(inquiry.document, inquiry.name)


def test_a_run_ends(
    branch: Branch,
    policy: DunningPolicy,
    manager: User,
    endpoint: WebhookEndpoint,
) -> None:
    policy.steps.update(required=False)
    debts = [debt(branch, days_overdue=120) for _ in range(3)]
    run = executed(branch)
    harvest()
    [ended] = told("dunning.run_finished")
    assert (ended["run"], ended["state"], ended["listed"]) == (run.pk, "done", 3)
    assert {row["receivable"] for row in told("restriction.changed")} == {d.pk for d in debts}
    assert_nobody_is_named(debts[0].customer.document, debts[0].customer.name)
    cancelled = run_start(branch=branch, actor=manager)
    harvest()
    run_cancel(run=cancelled, actor=manager)
    harvest()
    assert [row["state"] for row in told("dunning.run_finished")] == ["done", "cancelled"]


def assert_nobody_is_named(*personal: str) -> None:
    bodies = json.dumps(list(WebhookDelivery.objects.values_list("payload", flat=True)))
    assert bodies != "[]"
    for word in personal:
        assert word not in bodies


def test_each_is_told_of_its_branch_and_what_it_asked_for(
    branch: Branch,
    other_branch: Branch,
    operator: User,
    subscribe: Callable[..., WebhookEndpoint],
) -> None:
    bare.integration(branch)
    everything = subscribe(NOWHERE)
    here = subscribe(NOWHERE, branch)
    elsewhere = subscribe(NOWHERE, other_branch)
    runs_only = subscribe(NOWHERE, branch, [EventType.RUN_FINISHED])
    stopped = subscribe(NOWHERE)
    WebhookEndpoint.objects.filter(pk=stopped.pk).update(
        disabled_at=timezone.now(), disabled_reason="person"
    )
    restriction_request(receivable=debt(branch), actor=operator)
    harvest()
    counts = [e.deliveries.count() for e in (everything, here, elsewhere, runs_only, stopped)]
    assert counts == [1, 1, 0, 0, 0]


def test_many_in_one_statement_are_each_told_once(
    branch: Branch, endpoint: WebhookEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harvesting, "AT_ONCE", 70)
    integration = bare.integration(branch, automatic=True)
    first = debt(branch, days_overdue=120)
    Receivable.objects.bulk_create(
        Receivable(
            branch=branch,
            customer=first.customer,
            contract=first.contract,
            number=f"M{n}",
            our_number=f"M{n:06d}",
            due_date=first.due_date,
            amount=Decimal("99.90"),
            open_amount=Decimal("99.90"),
        )
        for n in range(500)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE receivables_receivable")
    with transaction.atomic():
        listed = restrictions_list_set(
            "SELECT id FROM receivables_receivable",
            integration=integration,
            on=timezone.localdate(),
            text="Pedida pela régua.",
        )
    assert listed.count == 501
    assert harvest() == 501
    ids = [row["restriction"] for row in told("restriction.changed")]
    assert sorted(ids) == sorted(Restriction.objects.values_list("pk", flat=True))
    assert ids == sorted(ids)


@pytest.mark.django_db(transaction=True)
def test_what_commits_late_is_neither_lost_nor_told_twice(
    branch: Branch, operator: User, subscribe: Callable[..., WebhookEndpoint]
) -> None:
    bare.integration(branch)
    listing = bare.listing(debt(branch), Status.ACTIVE, actor=operator)
    subscribe(NOWHERE)
    with psycopg.connect(database_url()) as slow:
        slow.execute(
            "INSERT INTO restrictions_restrictionevent"
            " (restriction_id, status_before, status, source, text)"
            " VALUES (%s, 'active', 'removal_sent', 'sync', 'Demorou.')",
            [listing.pk],
        )
        record_event(listing, text="Ligeiro.", source=Source.SYNC, before="notified")
        assert harvest() == 0
        assert harvest() == 0, "the earlier one may still commit"
        slow.commit()
    assert harvest() == 2
    assert [row["status"] for row in told("restriction.changed")] == ["removal_sent", "active"]
    with psycopg.connect(database_url()) as slow:
        slow.execute(
            "INSERT INTO restrictions_restrictionevent"
            " (restriction_id, status_before, status, source, text)"
            " VALUES (%s, 'active', 'removal_sent', 'sync', 'Desistiu.')",
            [listing.pk],
        )
        record_event(listing, text="Ligeiro.", source=Source.SYNC, before="notified")
        harvest()
        slow.rollback()
    harvest()
    assert len(told("restriction.changed")) == 3
