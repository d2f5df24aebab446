"""Taking an integration out of use: what has not left waits, what must come off still comes off."""

from __future__ import annotations

import pytest

from regua.accounts.models import User
from regua.inquiries.models import Inquiry
from regua.inquiries.services import inquiries_drain, inquiry_request
from regua.integrations.models import Integration
from regua.integrations.selectors import NoIntegration, integration_in_use
from regua.integrations.services import integration_link
from regua.organization.models import Branch
from regua.restrictions.choices import AT_BUREAU, Status
from regua.restrictions.models import Restriction
from regua.restrictions.sender import restrictions_drain
from regua.restrictions.services import removal_request, restriction_request
from tests import factories
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def queued(integration: Integration, branch: Branch, operator: User) -> Restriction:
    receivable = factories.receivable(factories.customer(branch))
    return restriction_request(receivable=receivable, actor=operator)


def test_a_queued_listing_waits_and_goes_when_linked_again(
    queued: Restriction, integration: Integration, administrator: User, sandbox: Sandbox
) -> None:
    integration_link(integration=integration, actor=administrator, linked=False)
    with pytest.raises(NoIntegration):
        integration_in_use(integration.branch_id)
    restrictions_drain(integration.pk)
    queued.refresh_from_db()
    assert (queued.status, queued.unknown) == (Status.QUEUED, False)
    assert "não está mais vinculada" in queued.problem
    assert queued.due_at is not None
    assert sandbox.ledger() == []
    assert Integration.objects.get().problem == "", "nothing is wrong with the integration"

    integration_link(integration=integration, actor=administrator)
    restrictions_drain(integration.pk)
    queued.refresh_from_db()
    assert queued.status == Status.SENT
    assert len(sandbox.ledger()) == 1


def test_one_that_perhaps_left_is_settled_all_the_same(
    queued: Restriction, integration: Integration, administrator: User, sandbox: Sandbox
) -> None:
    sandbox.add_faults({"path": "/v1/negativacoes", "kind": "lost_answer", "times": 1})
    restrictions_drain(integration.pk)
    integration_link(integration=integration, actor=administrator, linked=False)
    Restriction.objects.update(due_at="2026-01-01T00:00Z")
    restrictions_drain(integration.pk)
    queued.refresh_from_db()
    assert queued.status in AT_BUREAU, "found there; how far it has got is the bureau's affair"
    assert not queued.unknown
    assert len(sandbox.ledger()) == 1


def test_a_removal_has_a_legal_term_and_goes_on(
    queued: Restriction,
    integration: Integration,
    administrator: User,
    operator: User,
    sandbox: Sandbox,
) -> None:
    restrictions_drain(integration.pk)
    queued.refresh_from_db()
    integration_link(integration=integration, actor=administrator, linked=False)
    removal_request(restriction=queued, actor=operator, reason="wrongly_listed")
    restrictions_drain(integration.pk)
    queued.refresh_from_db()
    assert queued.status == Status.REMOVAL_SENT


def test_a_queued_inquiry_waits(
    integration: Integration, branch: Branch, administrator: User, operator: User, sandbox: Sandbox
) -> None:
    document = factories.ordinary_document()
    inquiry = inquiry_request(
        branch=branch, actor=operator, document=document, product_code="PF-BASICA"
    )
    integration_link(integration=integration, actor=administrator, linked=False)
    inquiries_drain(integration.pk)
    inquiry.refresh_from_db()
    assert inquiry.status == Inquiry.Status.QUEUED
    assert sandbox.charges() == []
    integration_link(integration=integration, actor=administrator)
    inquiries_drain(integration.pk)
    inquiry.refresh_from_db()
    assert inquiry.status == Inquiry.Status.ANSWERED
