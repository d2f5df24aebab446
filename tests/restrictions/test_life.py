"""A listing's life against the real sandbox over real HTTP, the sender called in this process."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from regua.accounts.models import User
from regua.bureaus.errors import BureauError
from regua.integrations.models import BureauCall, Integration
from regua.integrations.services import integration_update
from regua.organization.models import Branch
from regua.receivables.services import payment_record
from regua.restrictions import sync
from regua.restrictions.choices import Status
from regua.restrictions.models import Restriction
from regua.restrictions.sender import restrictions_drain
from regua.restrictions.services import removal_request, restriction_cancel, restriction_request
from regua.restrictions.sync import restrictions_sync
from tests import factories
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def queued(integration: Integration, branch: Branch, operator: User) -> Restriction:
    receivable = factories.receivable(factories.customer(branch))
    return restriction_request(receivable=receivable, actor=operator)


def settle(integration: Integration, row: Restriction, until: Callable[[], bool]) -> None:
    """Send what is due and read the feed until ``until`` holds."""
    deadline = time.monotonic() + 15
    while not until():
        assert time.monotonic() < deadline, f"stuck at {row.status}: {row.problem}"
        restrictions_drain(integration.pk)
        integration.refresh_from_db()
        restrictions_sync(integration=integration)
        row.refresh_from_db()
        time.sleep(0.02)


def listed(sandbox: Sandbox, row: Restriction) -> list[dict[str, str]]:
    key = str(row.idempotency_key)
    return [line for line in sandbox.ledger() if line["referencia"] == key]


def test_listed_active_paid_removed(
    queued: Restriction, integration: Integration, operator: User, sandbox: Sandbox
) -> None:
    settle(integration, queued, lambda: queued.status == Status.ACTIVE)
    assert [line["situacao"] for line in listed(sandbox, queued)] == ["ATIVA"]

    payment_record(
        receivable=queued.receivable,
        actor=operator,
        amount=queued.receivable.open_amount,
        paid_on=queued.receivable.due_date,
    )
    queued.refresh_from_db()
    assert queued.status == Status.ACTIVE, "settling a receivable removes nothing by itself"

    removal_request(restriction=queued, actor=operator, reason="paid")
    settle(integration, queued, lambda: queued.status == Status.REMOVED)
    assert queued.removal_code == "01"
    [line] = listed(sandbox, queued)
    assert (line["situacao"], line["protocolo"]) == ("BAIXADA", queued.protocol)
    statuses = list(queued.events.values_list("status", flat=True))
    assert statuses[0] == Status.QUEUED
    assert statuses[-1] == Status.REMOVED


@pytest.mark.parametrize("kind", ["lost_answer", "timeout", "status"])
def test_a_lost_answer_leaves_one_listing_on_both_sides(
    kind: str, queued: Restriction, integration: Integration, sandbox: Sandbox
) -> None:
    rule = {"method": "POST", "path": "/v1/negativacoes", "kind": kind, "times": 1}
    if kind == "status":
        rule |= {"status": 503, "done": True}
    sandbox.add_faults(rule)
    restrictions_drain(integration.pk)
    queued.refresh_from_db()
    assert (queued.status, queued.unknown) == (Status.QUEUED, True)
    assert queued.problem

    settle(integration, queued, lambda: queued.status != Status.QUEUED)
    assert len(sandbox.ledger()) == 1
    assert listed(sandbox, queued)[0]["protocolo"] == queued.protocol
    assert not queued.unknown


def test_a_lost_removal_answer_is_looked_up(
    queued: Restriction, integration: Integration, operator: User, sandbox: Sandbox
) -> None:
    settle(integration, queued, lambda: queued.status == Status.ACTIVE)
    removal_request(restriction=queued, actor=operator, reason="paid")
    path = "^/v1/negativacoes/.*/baixa$"
    sandbox.add_faults({"method": "POST", "path": path, "kind": "lost_answer", "times": 1})
    restrictions_drain(integration.pk)
    queued.refresh_from_db()
    assert (queued.status, queued.unknown) == (Status.REMOVAL_QUEUED, True)
    settle(integration, queued, lambda: queued.status == Status.REMOVED)
    assert len(sandbox.ledger()) == 1


def test_a_listing_the_bureau_already_has_is_adopted(
    queued: Restriction, integration: Integration, sandbox: Sandbox
) -> None:
    restrictions_drain(integration.pk)
    queued.refresh_from_db()
    protocol = queued.protocol
    # Our record is lost (a restored backup, say) and asked for again.
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE restrictions_restriction CASCADE")
    again = Restriction.objects.create(
        **{
            field.name: getattr(queued, field.name)
            for field in Restriction._meta.concrete_fields
            if field.name
            in ("restriction_code", "contract_number", "our_number", "amount", "due_date", "debtor")
        },
        integration=integration,
        provider=integration.provider,
        branch=queued.branch,
        customer=queued.customer,
        receivable=queued.receivable,
        form=queued.form,
        status=Status.QUEUED,
    )
    restrictions_drain(integration.pk)
    again.refresh_from_db()
    assert again.protocol == protocol
    assert again.status in (Status.SENT, Status.NOTIFIED, Status.ACTIVE)
    assert len(sandbox.ledger()) == 1


def test_the_bureau_refuses(
    integration: Integration, branch: Branch, operator: User, sandbox: Sandbox
) -> None:
    customer = factories.customer(branch, document=factories.cpf_behaving("006"))
    row = restriction_request(receivable=factories.receivable(customer), actor=operator)
    settle(integration, row, lambda: row.status == Status.REFUSED)
    assert "recusou" in row.problem
    assert customer.document not in row.problem
    # A refused debt may be asked for again.
    restriction_request(receivable=row.receivable, actor=operator)


def test_the_bureau_is_down(
    queued: Restriction, integration: Integration, sandbox: Sandbox
) -> None:
    Integration.objects.update(base_url="http://127.0.0.1:9")
    restrictions_drain(integration.pk)
    queued.refresh_from_db()
    assert (queued.status, queued.unknown) == (Status.QUEUED, False), "it never left"
    assert queued.problem
    Integration.objects.update(base_url=sandbox.url)
    settle(integration, queued, lambda: queued.status != Status.QUEUED)
    assert len(sandbox.ledger()) == 1


def test_wrong_credentials_wait_for_a_person(
    queued: Restriction, integration: Integration, administrator: User, sandbox: Sandbox
) -> None:
    integration_update(integration=integration, actor=administrator, client_secret="outro")
    restrictions_drain(integration.pk)
    queued.refresh_from_db()
    assert (queued.status, queued.unknown) == (Status.QUEUED, False)
    assert "Client Secret" in queued.problem
    assert sandbox.ledger() == []
    integration.refresh_from_db()
    assert "Client Secret" in integration.problem, "the whole integration is in trouble"

    integration_update(
        integration=integration, actor=administrator, client_secret=sandbox.client_secret
    )
    restrictions_drain(integration.pk)
    queued.refresh_from_db()
    assert queued.status != Status.QUEUED, "mended credentials wake what waits"
    integration.refresh_from_db()
    assert integration.problem == ""


@pytest.mark.parametrize("amount", ["129.90", "50.00"])
def test_a_debt_paid_before_it_left_never_leaves(
    amount: str, queued: Restriction, integration: Integration, operator: User, sandbox: Sandbox
) -> None:
    payment_record(
        receivable=queued.receivable,
        actor=operator,
        amount=Decimal(amount),
        paid_on=queued.receivable.due_date,
    )
    restrictions_drain(integration.pk)
    queued.refresh_from_db()
    assert (queued.status, queued.unknown) == (Status.CANCELLED, False)
    assert "Nada foi enviado" in queued.events.latest("id").text
    assert sandbox.ledger() == []


@pytest.mark.parametrize("kind", ["drop", "lost_answer"])
def test_a_debt_paid_while_its_call_is_unanswered_is_looked_up_and_never_sent_again(
    kind: str,
    queued: Restriction,
    integration: Integration,
    operator: User,
    sandbox: Sandbox,
    settings: Any,
) -> None:
    sandbox.add_faults({"method": "POST", "path": "/v1/negativacoes", "kind": kind, "times": 1})
    restrictions_drain(integration.pk)
    payment_record(
        receivable=queued.receivable,
        actor=operator,
        amount=queued.receivable.open_amount,
        paid_on=queued.receivable.due_date,
    )

    def look_up(lease: float) -> None:
        settings.CONFIG = settings.CONFIG.model_copy(update={"sender_lease": lease})
        Restriction.objects.update(due_at=timezone.now())
        restrictions_drain(integration.pk)
        queued.refresh_from_db()

    look_up(lease=3600)
    if kind == "drop":
        assert (queued.status, queued.unknown) == (Status.QUEUED, True), "it may still arrive there"
        assert "será procurada de novo" in queued.problem
        look_up(lease=0.01)
        assert (queued.status, queued.unknown) == (Status.CANCELLED, False)
        assert sandbox.ledger() == []
    else:
        assert queued.protocol == sandbox.ledger()[0]["protocolo"]
    assert sandbox.calls()["POST /v1/negativacoes"] == 1


def test_withdrawn_before_it_left(queued: Restriction, operator: User, sandbox: Sandbox) -> None:
    restriction_cancel(restriction=queued, actor=operator)
    assert queued.status == Status.CANCELLED
    assert restrictions_drain(queued.integration_id) == 0
    assert sandbox.ledger() == []


def test_what_left_cannot_be_withdrawn(
    queued: Restriction, integration: Integration, operator: User
) -> None:
    restrictions_drain(integration.pk)
    with pytest.raises(ValidationError, match="já saiu"):
        restriction_cancel(restriction=queued, actor=operator)


def test_every_call_is_logged_without_documents_or_secrets(
    queued: Restriction, integration: Integration, sandbox: Sandbox
) -> None:
    restrictions_drain(integration.pk)
    call = BureauCall.objects.get(subject=f"restriction:{queued.pk}", method="POST")
    assert (call.http_status, call.outcome) == (202, "answered")
    everything = str(list(BureauCall.objects.values()))
    for secret in (queued.debtor["document"], queued.debtor["name"], sandbox.client_secret):
        assert secret not in everything


def test_news_that_is_old_changes_nothing(
    queued: Restriction, integration: Integration, sandbox: Sandbox
) -> None:
    from dataclasses import replace

    from regua.integrations import gateway
    from regua.restrictions.choices import Source
    from regua.restrictions.news import record_apply

    settle(integration, queued, lambda: queued.status == Status.ACTIVE)
    with gateway.line(integration, purpose="test") as client:
        record = client.listing(queued.protocol)
    events = queued.events.count()
    for version in (record.version, record.version - 1):
        old = replace(record, version=version, status="received")
        assert not record_apply(queued.pk, old, source=Source.WEBHOOK)
    queued.refresh_from_db()
    assert (queued.status, queued.events.count()) == (Status.ACTIVE, events)


def test_a_sync_of_many_pages_survives_a_bureau_that_stumbles(
    integration: Integration,
    branch: Branch,
    operator: User,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sync, "PAGE", 2)
    customer = factories.customer(branch)
    for _ in range(6):
        restriction_request(receivable=factories.receivable(customer), actor=operator)
    restrictions_drain(integration.pk)
    stumble = {"method": "GET", "path": "/v1/negativacoes", "kind": "status", "status": 503}
    sandbox.add_faults(stumble | {"skip": 1, "times": 2})
    assert sync.restrictions_sync(integration=integration).read >= 6
    sandbox.clear_faults()
    sandbox.add_faults(stumble | {"times": 1})
    with pytest.raises(BureauError):  # one that does not answer at all is not asked again and again
        sync.restrictions_sync(integration=integration)
