"""Many at once: what each item became, all or nothing, and how many at most."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from regua.imports.api import MOST
from regua.organization.models import Branch
from regua.parties.models import Customer
from regua.receivables.models import Payment, Receivable
from tests import factories
from tests.api.conftest import Program

pytestmark = pytest.mark.django_db


def send(erp: Program, kind: str, branch: Branch, *items: dict[str, Any], **more: Any) -> Any:
    return erp("POST", f"bulk/{kind}", {"branch_id": branch.pk, "items": list(items), **more})


def test_a_month_of_a_billing_system_comes_in_and_again(erp: Program, branch: Branch) -> None:
    document = factories.ordinary_document()
    customer = {"external_id": "1001", "document": document, "name": "Ana Exemplo", "city": "Natal"}
    debt = {
        "customer_document": document,
        "contract_number": "C1",
        "our_number": "00000001",
        "due_date": "2026-10-10",
        "amount": "129.90",
    }
    for kind, item in (
        ("customers", customer),
        ("contracts", {"customer_document": document, "number": "C1", "kind": "other"}),
        ("receivables", debt),
        ("payments", {"our_number": "00000001", "amount": "29.90", "paid_on": "2026-10-20"}),
    ):
        response = send(erp, kind, branch, item)
        assert response.status_code == 200, response.content
        found = json.loads(response.content)
        assert (found["created"], found["refused"]) == (1, 0)
        assert found["items"] == [{"index": 0, "outcome": "created", "problems": []}]
    receivable = Receivable.objects.get()
    assert receivable.open_amount == Decimal("100.00")
    assert Payment.objects.get().recorded_by is not None

    again = json.loads(send(erp, "customers", branch, customer).content)
    assert (again["unchanged"], again["items"][0]["outcome"]) == (1, "unchanged")
    moved = json.loads(send(erp, "customers", branch, customer | {"city": "Recife"}).content)
    assert moved["items"][0]["outcome"] == "updated"
    assert Customer.objects.get().city == "Recife"


def test_bad_items_are_named_and_nothing_or_only_they_stay_out(
    erp: Program, branch: Branch
) -> None:
    good = {"document": factories.ordinary_document(), "name": "Ana"}
    bad = {"document": "11111111111", "name": "Bia"}
    refused = send(erp, "customers", branch, good, bad)
    assert refused.status_code == 422
    errors = json.loads(refused.content)["errors"]
    assert [error["field"] for error in errors] == ["items.1.document"]
    assert not Customer.objects.exists()

    partly = json.loads(send(erp, "customers", branch, good, bad, mode="skip_bad").content)
    assert [item["outcome"] for item in partly["items"]] == ["created", "refused"]
    assert partly["items"][1]["problems"][0]["field"] == "document"
    assert Customer.objects.get().name == "Ana"


def test_items_that_do_not_say_the_same_are_refused(erp: Program, branch: Branch) -> None:
    """A field that one item lacks would be emptied in it."""
    one = {"document": factories.ordinary_document(), "name": "Ana"}
    other = {"document": factories.ordinary_document(), "name": "Bia", "city": "Natal"}
    refused = send(erp, "customers", branch, one, other)
    assert refused.status_code == 422
    assert [e["field"] for e in json.loads(refused.content)["errors"]] == ["items.1"]
    assert not Customer.objects.exists()


def test_as_many_as_may_come_do_and_one_more_does_not(erp: Program, branch: Branch) -> None:
    items = [{"external_id": str(n), "name": f"Pessoa {n}"} for n in range(MOST + 1)]
    many = send(erp, "leads", branch, *items)
    assert many.status_code == 422
    assert [e["field"] for e in json.loads(many.content)["errors"]] == ["items"]
    found = json.loads(send(erp, "leads", branch, *items[:MOST]).content)
    assert (found["created"], len(found["items"])) == (MOST, MOST)
