"""Asking a bureau: who may, what it costs, and one charge whatever happens to the answer."""

from __future__ import annotations

import time

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.documents import generate
from regua.inquiries.models import Inquiry
from regua.inquiries.selectors import inquiries_visible, inquiry_report
from regua.inquiries.services import inquiries_drain, inquiry_request
from regua.integrations.models import BureauCall, Integration
from regua.organization.models import Branch
from tests import factories
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
ALICE = factories.cpf_behaving("001")


def request(branch: Branch, actor: User, document: str = ALICE, **more: object) -> Inquiry:
    return inquiry_request(actor=actor, branch=branch, document=document, **more)  # type: ignore[arg-type]


def finish(inquiry: Inquiry) -> None:
    deadline = time.monotonic() + 15
    while not inquiry.is_finished:
        assert time.monotonic() < deadline, inquiry.problem
        inquiries_drain(inquiry.integration_id)
        inquiry.refresh_from_db()
        time.sleep(0.02)


def test_three_actors(
    integration: Integration, branch: Branch, manager: User, attendant: User, outsider: User
) -> None:
    with pytest.raises(NotAllowed):
        request(branch, outsider)
    inquiry = request(branch, attendant)
    assert inquiries_visible(manager).get() == inquiry
    assert not inquiries_visible(outsider).exists()
    assert ProcrastinateJob.objects.filter(task_name="inquiries.send").count() == 1


def test_answered_with_its_report(
    integration: Integration, branch: Branch, attendant: User, sandbox: Sandbox
) -> None:
    inquiry = request(branch, attendant)
    finish(inquiry)
    assert inquiry.status == "answered"
    assert inquiry.score is not None
    assert inquiry.score >= 900
    report = inquiry_report(inquiry)
    assert report is not None
    assert (report.document, report.protocol) == (ALICE, inquiry.protocol)
    assert ALICE not in inquiry.report_sealed
    [charge] = sandbox.charges()
    assert charge["preco"] == str(inquiry.cost)


def test_a_company_with_letters_in_its_cnpj(
    integration: Integration, branch: Branch, attendant: User
) -> None:
    from random import Random

    inquiry = request(branch, attendant, generate.cnpj(Random(3), letters=True).formatted)
    finish(inquiry)
    assert (inquiry.status, inquiry.person_kind) == ("answered", "J")


def test_an_answer_that_comes_later(
    integration: Integration, branch: Branch, attendant: User, sandbox: Sandbox
) -> None:
    inquiry = request(branch, attendant, factories.cpf_behaving("004"))
    inquiries_drain(integration.pk)
    inquiry.refresh_from_db()
    assert inquiry.status == "sent"
    finish(inquiry)
    assert inquiry.status == "answered"
    assert len(sandbox.charges()) == 1


@pytest.mark.parametrize("kind", ["lost_answer", "timeout", "garbled"])
def test_a_lost_answer_is_paid_once(
    kind: str, integration: Integration, branch: Branch, attendant: User, sandbox: Sandbox
) -> None:
    rule = {"method": "POST", "path": "/v1/consultas", "kind": kind, "times": 1}
    if kind == "timeout":
        rule["done"] = True
    sandbox.add_faults(rule)
    inquiry = request(branch, attendant)
    inquiries_drain(integration.pk)
    inquiry.refresh_from_db()
    assert (inquiry.status, inquiry.unknown) == ("queued", True)
    finish(inquiry)
    assert inquiry.status == "answered"
    assert len(sandbox.charges()) == 1


@pytest.mark.parametrize(("code", "word"), [("010", "saldo"), ("011", "contrat")])
def test_account_trouble_is_said_and_nothing_is_charged(
    code: str,
    word: str,
    integration: Integration,
    branch: Branch,
    attendant: User,
    sandbox: Sandbox,
) -> None:
    inquiry = request(branch, attendant, factories.cpf_behaving(code))
    finish(inquiry)
    assert inquiry.status == "refused"
    assert word in inquiry.problem
    assert sandbox.charges() == []


def test_a_busy_bureau_is_asked_again_when_it_says(
    integration: Integration, branch: Branch, attendant: User, sandbox: Sandbox
) -> None:
    sandbox.add_faults(
        {
            "method": "POST",
            "path": "/v1/consultas",
            "kind": "status",
            "status": 429,
            "retry_after": 1,
            "times": 1,
        }
    )
    inquiry = request(branch, attendant)
    inquiries_drain(integration.pk)
    inquiry.refresh_from_db()
    assert (inquiry.status, inquiry.unknown) == ("queued", False)
    assert inquiries_drain(integration.pk) == 0, "not before its time"
    finish(inquiry)
    assert inquiry.status == "answered"


@pytest.mark.parametrize("text", ["", "123", "111.111.111-11", "123.456.789-00", "ABC"])
def test_bad_documents_are_never_sent_nor_written(
    text: str, integration: Integration, branch: Branch, attendant: User
) -> None:
    calls = BureauCall.objects.count()
    with pytest.raises(ValidationError) as caught:
        request(branch, attendant, text)
    assert list(caught.value.message_dict) == ["document"]
    assert not Inquiry.objects.exists()
    assert BureauCall.objects.count() == calls


def test_a_product_of_the_other_kind_is_refused(
    integration: Integration, branch: Branch, attendant: User
) -> None:
    with pytest.raises(ValidationError, match="produto"):
        request(branch, attendant, product_code="PJ-BASICA")


def test_without_integration_it_says_where_to_make_one(
    other_branch: Branch, outsider: User
) -> None:
    with pytest.raises(ValidationError, match="Integrações de Análise de Crédito"):
        request(other_branch, outsider)


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("inquiry_answered_is_complete", {"status": "answered", "due_at": None}),
        ("inquiry_sent_has_protocol", {"status": "sent"}),
        ("inquiry_finished_is_at_rest", {"status": "refused"}),
        ("inquiry_unfinished_is_due", {"due_at": None}),
        ("inquiry_status_known", {"status": "lost"}),
        ("inquiry_score_range", {"score": 1001}),
        ("inquiry_document_shape", {"document": "123"}),
        ("inquiry_cost", {"cost": -1}),
    ],
)
def test_impossible_rows(
    constraint: str,
    change: dict[str, object],
    integration: Integration,
    branch: Branch,
    attendant: User,
) -> None:
    inquiry = request(branch, attendant)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Inquiry.objects.filter(pk=inquiry.pk).update(**change)


def test_an_inquiry_is_about_one_party_at_most(
    integration: Integration, branch: Branch, attendant: User
) -> None:
    customer, lead = factories.customer(branch), factories.lead(branch)
    inquiry = request(branch, attendant, customer=customer)
    with pytest.raises(IntegrityError, match="one_party"), transaction.atomic():
        Inquiry.objects.filter(pk=inquiry.pk).update(lead=lead)
