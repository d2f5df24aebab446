"""A second person who answers for the debt: on the contract, at the gate, on the wire."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.bureaus.providers.credito_na_medida import provider
from regua.compliance.selectors import evaluate
from regua.documents.check import complete_cpf
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.parties.models import Customer
from regua.receivables.models import Contract, Receivable
from regua.receivables.services import co_debtor_set
from regua.restrictions.choices import DutyCause, Status
from regua.restrictions.models import RemovalDuty
from regua.restrictions.sender import restrictions_drain
from regua.restrictions.services import restriction_request
from tests import factories
from tests.restrictions.test_life import listed, settle
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owed(branch: Branch) -> Receivable:
    return factories.receivable(factories.customer(branch))


@pytest.fixture
def surety(branch: Branch) -> Customer:
    return factories.customer(branch, name="João Fiador de Teste", sex="M")


def test_it_reaches_the_bureau_with_the_debt(
    integration: Integration,
    owed: Receivable,
    surety: Customer,
    operator: User,
    sandbox: Sandbox,
    client: Client,
) -> None:
    co_debtor_set(contract=owed.contract, actor=operator, document=surety.document)
    row = restriction_request(receivable=owed, actor=operator)
    assert row.co_debtor is not None
    assert row.co_debtor["name"] == surety.name
    restrictions_drain(integration.pk)
    assert [line["coobrigado"] for line in listed(sandbox, row)] == [surety.document]
    client.force_login(operator)
    shown = client.get(reverse("restriction_detail", args=[row.pk])).content.decode()
    assert "João Fiador de Teste" in shown
    assert surety.document not in shown


def test_a_bureau_that_takes_none_is_told_of_none(
    integration: Integration,
    owed: Receivable,
    surety: Customer,
    operator: User,
    sandbox: Sandbox,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    co_debtor_set(contract=owed.contract, actor=operator, document=surety.document)
    monkeypatch.setattr(
        provider, "capabilities", replace(provider.capabilities, co_debtor=False), raising=False
    )
    row = restriction_request(receivable=owed, actor=operator)
    assert row.co_debtor is None
    restrictions_drain(integration.pk)
    assert [line["coobrigado"] for line in listed(sandbox, row)] == [None]
    client.force_login(operator)
    shown = client.get(reverse("restriction_detail", args=[row.pk])).content.decode()
    assert "não foi enviado ao birô" in shown


def test_a_dead_co_debtor_is_taken_off_and_may_be_left_out_of_a_new_listing(
    integration: Integration,
    owed: Receivable,
    surety: Customer,
    operator: User,
    sandbox: Sandbox,
    client: Client,
) -> None:
    co_debtor_set(contract=owed.contract, actor=operator, document=surety.document)
    row = restriction_request(receivable=owed, actor=operator)
    settle(integration, row, lambda: row.status == Status.ACTIVE)
    co_debtor_set(contract=owed.contract, actor=operator, document="")  # the bureau has him still
    client.force_login(operator)
    url = reverse("customer_deceased", args=[surety.pk])
    asked = client.get(url).content.decode()
    assert "está negativado (1)" in asked
    assert "Onde ele é coobrigado" in asked
    client.post(url, {"deceased_on": f"{timezone.localdate():%d/%m/%Y}"})
    assert RemovalDuty.objects.get(restriction=row).cause == DutyCause.DECEASED
    settle(integration, row, lambda: row.status == Status.REMOVED)
    again = restriction_request(receivable=owed, actor=operator)
    restrictions_drain(integration.pk)
    assert [line["coobrigado"] for line in listed(sandbox, again)] == [None]


def refusals(owed: Receivable) -> set[str]:
    return {
        f.rule.code
        for f in evaluate([owed.pk])[owed.pk]
        if f.rule.code.startswith("co_debtor.") and f.blocks
    }


def test_the_gate_asks_of_a_co_debtor_only_where_there_is_one(
    owed: Receivable, surety: Customer, operator: User
) -> None:
    assert not any(f.rule.code.startswith("co_debtor.") for f in evaluate([owed.pk])[owed.pk])
    co_debtor_set(contract=owed.contract, actor=operator, document=surety.document)
    assert refusals(owed) == set()
    answered = {f.rule.code for f in evaluate([owed.pk])[owed.pk]}
    assert len([code for code in answered if code.startswith("co_debtor.")]) == 4


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"mobile": ""}, "complete"),
        ({"street": ""}, "complete"),
        ({"birth_date": None}, "complete"),
        ({"birth_date": date(2015, 1, 1)}, "of_age"),
        ({"deceased_on": date(2026, 1, 1)}, "alive"),
    ],
)
def test_each_rule_of_a_co_debtor(
    fields: dict[str, object], rule: str, owed: Receivable, surety: Customer, operator: User
) -> None:
    co_debtor_set(contract=owed.contract, actor=operator, document=surety.document)
    Customer.objects.filter(pk=surety.pk).update(**fields)
    assert refusals(owed) == {f"co_debtor.{rule}"}


def test_the_creditor_answers_for_nobody(branch: Branch, owed: Receivable, operator: User) -> None:
    own = factories.customer(branch, company=True, document=branch.document)
    co_debtor_set(contract=owed.contract, actor=operator, document=own.document)
    assert refusals(owed) == {"co_debtor.not_creditor"}


def test_who_may_answer_for_a_contract(
    owed: Receivable,
    surety: Customer,
    operator: User,
    attendant: User,
    other_branch: Branch,
) -> None:
    elsewhere = factories.customer(other_branch)
    for document in (elsewhere.document, owed.customer.document, complete_cpf("123456500")):
        with pytest.raises(ValidationError):
            co_debtor_set(contract=owed.contract, actor=operator, document=document)
    with pytest.raises(NotAllowed):
        co_debtor_set(contract=owed.contract, actor=attendant, document=surety.document)
    owed.contract.refresh_from_db()
    assert owed.contract.co_debtor is None
    with pytest.raises(IntegrityError, match="contract_co_debtor_is_another"):
        Contract.objects.filter(pk=owed.contract_id).update(co_debtor=owed.customer)


def test_on_screen(owed: Receivable, surety: Customer, operator: User, client: Client) -> None:
    client.force_login(operator)
    url = reverse("co_debtor_edit", args=[owed.contract_id])
    assert "só Maria" in client.get(url).content.decode()
    for bad in ("123", owed.customer.document, "\x00"):
        assert client.post(url, {"document": bad}).status_code == 200
    client.post(url, {"document": surety.document})
    page = client.get(reverse("customer_receivables", args=[owed.customer_id])).content.decode()
    assert "com João Fiador de Teste" in page
    client.post(url, {"document": ""})
    owed.contract.refresh_from_db()
    assert owed.contract.co_debtor is None
