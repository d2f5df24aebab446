"""The totals that triggers and folds keep, against counting row by row."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from random import Random
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.organization.models import Branch
from regua.restrictions import totals
from regua.restrictions.choices import Dated, Form, Status
from regua.restrictions.filters import narrow, search
from regua.restrictions.models import Restriction, RestrictionMove, RestrictionTotal
from regua.restrictions.selectors import restrictions_visible
from regua.web.formats import SAO_PAULO
from tests import factories
from tests.restrictions import bare

pytestmark = pytest.mark.django_db(transaction=True)

FIRST = date(2026, 7, 20)


def recount() -> None:
    import_module("regua.restrictions.migrations.0006_totals_counted").count(None, None)


def agree(actor: User, chosen: dict[str, Any], branch: Branch | None = None) -> int:
    """Totals and rows of a search against a slow count; how many there are."""
    rows = restrictions_visible(actor)
    slow = list(narrow(rows, chosen, branch=branch))
    found, summed = search(rows, chosen, branch=branch, actor=actor)
    assert {row.pk for row in found} == {row.pk for row in slow}, chosen
    told = totals.counted(found) if summed is None else summed
    assert told.count == len(slow), chosen
    assert told.amount == sum(row.amount for row in slow), chosen
    for status, (count, amount) in told.by_status.items():
        same = [row.amount for row in slow if row.status == status]
        assert (count, amount) == (len(same), sum(same)), chosen
    return len(slow)


@pytest.fixture
def many(branch: Branch, other_branch: Branch, operator: User) -> list[Restriction]:
    random = Random(11)
    made = []
    colleague = factories.user(Role.FINANCE_MANAGER, branch)
    for where in (branch, other_branch):
        bare.integration(where)
        customer = factories.customer(where)
        for _ in range(60):
            status = random.choice([s for s in Status if s is not Status.DRAFT])
            day = FIRST + timedelta(days=random.randint(0, 100))
            at = datetime(day.year, day.month, day.day, random.choice([0, 12, 23]), 30)  # noqa: DTZ001
            at = at.replace(tzinfo=SAO_PAULO)
            gone = status in (Status.REMOVED, Status.REMOVAL_SENT)
            values: dict[str, Any] = {
                "requested_at": at,
                "requested_by": random.choice([operator, colleague, None]),
                "form": random.choice(Form.values),
                "amount": Decimal(random.choice([50, 99, 150, 700])) + Decimal("0.90"),
                "sent_at": None if status in (Status.QUEUED, Status.CANCELLED) else at,
                "visible_on": day + timedelta(days=10) if gone else None,
                "removal_reason": random.choice(["paid", "fraud"]) if gone else "",
            }
            if status == Status.REMOVED:
                values["removed_on"] = day + timedelta(days=random.randint(11, 60))
            if status == Status.QUEUED and random.random() < 0.5:
                values |= {"unknown": True, "attempts": 1, "problem": "O birô não respondeu."}
            made.append(bare.listing(factories.receivable(customer), status, **values))
    return made


def test_every_filter_agrees_with_a_slow_count(
    many: list[Restriction], branch: Branch, manager: User, administrator: User, operator: User
) -> None:
    random = Random(5)
    days = [FIRST + timedelta(days=n) for n in range(0, 170, 3)] + [date(2026, 8, 1)]
    choices: dict[str, list[Any]] = {
        "branch": [branch],
        "integration": [branch.integrations.get()],
        "status": ["em-curso", "esclarecer", "removed", "refused", "queued", "active"],
        "form": Form.values,
        "about": Dated.values,
        "since": days,
        "until": [*days, date(2026, 8, 31)],
        "removal_reason": ["paid", "fraud", "contested"],
        "minimum": [Decimal(99), Decimal("99.90"), Decimal(1000)],
        "maximum": [Decimal("99.90"), Decimal(150)],
        "requested_by": [operator],
    }
    counts = set()
    for turn in range(300):
        if turn == 100:
            totals.fold()
            assert not RestrictionMove._default_manager.exists()
        if turn == 200:
            recount()
        chosen = {n: random.choice(v) for n, v in choices.items() if random.random() < 0.25}
        for actor in (manager, administrator):
            counts.add(agree(actor, chosen, random.choice([None, branch])))
    assert len(counts) > 30, "the filters hardly narrow anything"


def test_each_change_moves_the_totals(many: list[Restriction], administrator: User) -> None:
    random = Random(2)
    moves = {
        Status.QUEUED: {"status": Status.SENT, "due_at": None, "unknown": False, "protocol": "N"},
        Status.SENT: {"status": Status.NOTIFIED, "visible_on": date(2026, 11, 9)},
        Status.NOTIFIED: {"status": Status.ACTIVE, "visible_on": date(2026, 10, 30)},
        Status.ACTIVE: {"status": Status.REMOVED, "removed_on": date(2026, 11, 3)},
        Status.REMOVAL_SENT: {"status": Status.REMOVED, "removed_on": date(2026, 11, 4)},
    }
    for turn, row in enumerate(random.sample(many, len(many))):
        if change := moves.get(Status(row.status)):
            if "protocol" in change:
                change = {**change, "protocol": f"N{row.pk}", "sent_at": timezone.now()}
            Restriction.objects.filter(pk=row.pk).update(**change)
        if turn % 25 == 24:
            totals.fold()
    Restriction.objects.filter(status="active").update(amount=Decimal("1.10"))
    for chosen in (
        {},
        *({"status": status} for status in Status.values),
        *({"about": about, "since": date(2026, 8, 5)} for about in Dated.values),
    ):
        agree(administrator, chosen)
    before = set(RestrictionTotal._default_manager.values_list("about", "day", "status", "count"))
    assert all(count != 0 for *_, count in before), "what is empty goes"
    totals.fold()
    recount()
    agree(administrator, {})


def test_many_at_once_are_told_as_few(branch: Branch, operator: User) -> None:
    bare.integration(branch)
    customer = factories.customer(branch)
    row = bare.listing(factories.receivable(customer), actor=operator)
    RestrictionMove._default_manager.all().delete()
    debts = [factories.receivable(customer) for _ in range(40)]
    copies = []
    for debt in debts:
        copy = Restriction.objects.get(pk=row.pk)
        copy.pk, copy.receivable, copy.protocol = None, debt, f"M{debt.pk}"
        copy.idempotency_key, copy.removal_key = uuid4(), uuid4()
        copies.append(copy)
    Restriction.objects.bulk_create(copies)
    move = RestrictionMove._default_manager.get()
    assert (move.count, move.amount) == (40, 40 * row.amount)


def test_what_is_not_committed_is_not_counted(many: list[Restriction], administrator: User) -> None:
    totals.fold()
    with transaction.atomic():
        Restriction.objects.filter(status="active").update(form=Form.AUTOMATIC)
        transaction.set_rollback(True)
    agree(administrator, {"form": Form.AUTOMATIC})


def test_folds_at_once_count_everything_once(many: list[Restriction], administrator: User) -> None:
    def fold() -> None:
        try:
            totals.fold()
        finally:
            connection.close()

    threads = [Thread(target=fold) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not RestrictionMove._default_manager.exists()
    assert agree(administrator, {}) == len(many)
