"""The database itself refuses what may not happen; each test tries to make it happen."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.parties.models import Customer
from regua.restrictions.choices import FINAL, MOVES, Form, Source, Status
from regua.restrictions.models import Restriction, RestrictionEvent
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def bureau(branch: Branch) -> Integration:
    return Integration.objects.create(
        provider="credito_na_medida",
        branch=branch,
        environment="production",
        base_url="http://127.0.0.1:9",
        client_id_sealed="x",
        client_secret_sealed="x",
    )


@pytest.fixture
def owing(branch: Branch) -> Customer:
    return factories.customer(branch)


def make(bureau: Integration, owing: Customer, **fields: Any) -> Restriction:
    receivable = fields.pop("receivable", None) or factories.receivable(owing)
    values: dict[str, Any] = {
        "status": Status.QUEUED,
        "provider": bureau.provider,
        "form": Form.MANUAL,
        "restriction_code": "TI",
        "contract_number": "C1",
        "our_number": receivable.our_number,
        "amount": receivable.amount,
        "due_date": receivable.due_date,
        "debtor": {},
        **fields,
    }
    return Restriction.objects.create(
        integration=bureau,
        branch=bureau.branch,
        customer=owing,
        receivable=receivable,
        **values,
    )


def refused(constraint: str) -> Any:
    return pytest.raises(IntegrityError, match=constraint)


def test_one_live_restriction_per_receivable_and_bureau(
    bureau: Integration, owing: Customer
) -> None:
    first = make(bureau, owing)
    with refused("restriction_one_live"), transaction.atomic():
        make(bureau, owing, receivable=first.receivable)
    Restriction.objects.filter(pk=first.pk).update(status=Status.CANCELLED, due_at=None)
    make(bureau, owing, receivable=first.receivable)


def test_one_row_per_protocol(bureau: Integration, owing: Customer) -> None:
    make(bureau, owing, status=Status.SENT, protocol="P1", due_at=None)
    with refused("restriction_protocol_once"), transaction.atomic():
        make(bureau, owing, status=Status.SENT, protocol="P1", due_at=None)


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("restriction_status_known", {"status": "elsewhere", "protocol": "P"}),
        ("restriction_amount_adds_up", {"amount": 0}),
        ("restriction_amount_adds_up", {"amount": 10, "fine": 6, "interest": 4}),
        ("restriction_at_bureau_has_protocol", {"status": Status.ACTIVE, "due_at": None}),
        (
            "restriction_removal_has_code",
            {"status": Status.REMOVAL_QUEUED, "protocol": "P", "removal_code": ""},
        ),
        ("restriction_refused_says_why", {"status": Status.REFUSED, "due_at": None}),
        ("restriction_final_is_at_rest", {"status": Status.REMOVED}),
        ("restriction_final_is_at_rest", {"status": Status.CANCELLED}),
        ("restriction_queued_is_due", {"due_at": None}),
        (
            "restriction_unknown_only_in_flight",
            {"status": Status.SENT, "protocol": "P", "due_at": None, "unknown": True},
        ),
    ],
)
def test_impossible_rows(
    constraint: str, fields: dict[str, Any], bureau: Integration, owing: Customer
) -> None:
    with refused(constraint), transaction.atomic():
        make(bureau, owing, **fields)


@pytest.mark.parametrize(("before", "after"), list(product(Status, Status)))
def test_only_legal_moves(
    before: Status, after: Status, bureau: Integration, owing: Customer
) -> None:
    """The trigger and ``choices.MOVES`` are one table."""
    queued = {Status.QUEUED, Status.REMOVAL_QUEUED}
    row = make(
        bureau,
        owing,
        status=before,
        protocol="P",
        removal_code="01",
        problem="porque sim",
        due_at=timezone.now() if before in queued else None,
    )
    move = Restriction.objects.filter(pk=row.pk)
    due = timezone.now() if after in queued else None
    if after in MOVES[before] or after == before:
        assert move.update(status=after, due_at=due) == 1
    else:
        with refused("may not go"), transaction.atomic():
            move.update(status=after, due_at=due)


def test_final_states_lead_nowhere() -> None:
    assert all(not MOVES[status] for status in FINAL)


def test_the_bureaus_version_never_goes_back(bureau: Integration, owing: Customer) -> None:
    row = make(bureau, owing, bureau_version=5)
    with refused("version may not go"), transaction.atomic():
        Restriction.objects.filter(pk=row.pk).update(bureau_version=4)


@pytest.mark.parametrize("sql", ["UPDATE {} SET text = 'outra'", "DELETE FROM {}"])
def test_history_is_append_only(sql: str, bureau: Integration, owing: Customer) -> None:
    row = make(bureau, owing)
    RestrictionEvent.objects.create(
        restriction=row, status=row.status, source=Source.SENDER, text="Enviada."
    )
    with refused("append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.format(RestrictionEvent._meta.db_table))


def test_a_persons_event_names_the_person(bureau: Integration, owing: Customer) -> None:
    with refused("event_of_person_names_actor"), transaction.atomic():
        RestrictionEvent.objects.create(
            restriction=make(bureau, owing), status="queued", source=Source.PERSON, text="Pedida."
        )
