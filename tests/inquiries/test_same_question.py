"""Two people who ask the same at the same time: one paid call, and both are named."""

from __future__ import annotations

from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse

from regua.accounts.models import User
from regua.inquiries.choices import AccessKind
from regua.inquiries.models import Inquiry, InquiryAccess, InquirySpending
from regua.inquiries.services import inquiries_drain, inquiry_request
from regua.integrations.models import Integration
from regua.integrations.parameters import parameters_update
from regua.organization.models import Branch
from tests import factories
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
CENTRAL = reverse("inquiry_list")
CLEAN = factories.cpf_behaving("001")
LATER = factories.cpf_behaving("004")


def post(client: Client, document: str) -> str:
    answer = client.post(
        CENTRAL,
        {
            "document": document,
            "product_code": "PF-SCORE",
            "purpose": "Venda",
            "key": str(uuid4()),
        },
    )
    return answer.headers["Location"]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def at_once(branch: Branch, actors: list[User], products: list[str]) -> list[object]:
    """What each of them gets who press the button together."""
    start = Barrier(len(actors))
    outcomes: list[object] = []

    def click(actor: User, product: str) -> None:
        try:
            start.wait()
            outcomes.append(
                inquiry_request(
                    actor=actor, branch=branch, document=CLEAN, product_code=product, key=uuid4()
                )
            )
        except ValidationError as error:
            outcomes.append(error)
        finally:
            connection.close()

    threads = [Thread(target=click, args=pair) for pair in zip(actors, products, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.parametrize("days", [None, 30])
def test_two_operators_at_once_cause_one_paid_call(
    days: int | None,
    integration: Integration,
    branch: Branch,
    attendant: User,
    operator: User,
    administrator: User,
    sandbox: Sandbox,
) -> None:
    parameters_update(actor=administrator, inquiry_interval_days=days)
    outcomes = at_once(branch, [attendant, operator], ["PF-SCORE", "PF-SCORE"])
    inquiry = Inquiry.objects.get()
    assert outcomes == [inquiry, inquiry]
    inquiries_drain(integration.pk)
    [charge] = sandbox.charges()
    assert charge["preco"] == str(inquiry.cost)
    [access] = InquiryAccess.objects.all()
    assert access.kind == AccessKind.JOINED
    assert {access.actor, inquiry.requested_by} == {attendant, operator}
    assert InquirySpending.objects.get().spent == inquiry.cost


def test_within_the_interval_two_products_at_once_are_one_inquiry_too(
    integration: Integration,
    branch: Branch,
    attendant: User,
    operator: User,
    administrator: User,
) -> None:
    parameters_update(actor=administrator, inquiry_interval_days=30)
    outcomes = at_once(branch, [attendant, operator], ["PF-SCORE", "PF-BASICA"])
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Inquiry", "WithinInterval"]
    assert Inquiry.objects.count() == 1


def test_while_the_bureau_works_the_second_joins(
    integration: Integration,
    branch: Branch,
    attendant: User,
    operator: User,
    outsider: User,
    sandbox: Sandbox,
) -> None:
    first = post(signed_in(attendant), LATER)
    inquiries_drain(integration.pk)
    inquiry = Inquiry.objects.get()
    assert inquiry.status == "sent"

    client = signed_in(operator)
    shown = client.post(
        CENTRAL,
        {"options": "1", "document": LATER, "product_code": "PF-SCORE", "purpose": "Venda"},
        headers={"HX-Request": "true"},
    ).content.decode()
    assert f"já está sendo consultado por {attendant.name}" in shown
    assert "join-button" in shown
    assert "ask-button" not in shown
    assert post(client, LATER) == first
    [access] = InquiryAccess.objects.all()
    assert (access.actor, access.kind, access.purpose) == (operator, AccessKind.JOINED, "Venda")

    assert post(signed_in(attendant), LATER) == first, "one's own is just shown again"
    assert InquiryAccess.objects.count() == 1
    assert len(sandbox.charges()) == 1


def test_another_product_is_another_question(
    integration: Integration, branch: Branch, attendant: User, operator: User
) -> None:
    for actor, product in ((attendant, "PF-SCORE"), (operator, "PF-BASICA")):
        inquiry_request(actor=actor, branch=branch, document=CLEAN, product_code=product)
    assert Inquiry.objects.count() == 2
    assert not InquiryAccess.objects.exists()
