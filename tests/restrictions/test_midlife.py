"""Contest, court order, death, change of holder and the bureau's own removals, against the real
sandbox."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.calendar import business_day_after
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.parties.services import customer_death
from regua.receivables.impediments import impediment_close
from regua.receivables.models import Impediment
from regua.receivables.services import receivable_correct
from regua.restrictions import midlife
from regua.restrictions.choices import DutyCause, Status
from regua.restrictions.corrections import correction_request
from regua.restrictions.models import RemovalDuty, Restriction
from regua.restrictions.sender import restrictions_drain
from regua.restrictions.services import restriction_request
from tests import factories
from tests.restrictions.test_life import settle
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def queued(integration: Integration, branch: Branch, operator: User) -> Restriction:
    return restriction_request(
        receivable=factories.receivable(factories.customer(branch)), actor=operator
    )


@pytest.fixture
def active(queued: Restriction, integration: Integration) -> Restriction:
    settle(integration, queued, lambda: queued.status == Status.ACTIVE)
    return queued


def contest(row: Restriction, actor: User, days_ago: int = 2) -> Impediment:
    return midlife.contest_open(
        receivable=row.receivable,
        actor=actor,
        told_on=timezone.localdate() - timedelta(days=days_ago),
        text="Diz que cancelou antes.",
    )


def ask_again(row: Restriction, actor: User) -> Restriction:
    row.receivable.refresh_from_db()
    return restriction_request(receivable=row.receivable, actor=actor)


def test_a_contest_upheld_takes_the_listing_off(
    active: Restriction, integration: Integration, operator: User
) -> None:
    opened = contest(active, operator)
    active.refresh_from_db()
    active.receivable.refresh_from_db()
    assert active.status == Status.ACTIVE, "it stays until somebody decides"
    assert active.receivable.disputed

    midlife.impediment_decide(
        impediment=opened, actor=operator, outcome="upheld", decision="Cancelou em março."
    )
    duty = RemovalDuty.objects.get(restriction=active)
    assert (duty.cause, duty.starts_on) == (DutyCause.CONTESTED, opened.told_on)
    assert duty.due_on == business_day_after(opened.told_on, 5) == midlife.decide_by(opened)
    settle(integration, active, lambda: active.status == Status.REMOVED)
    assert active.removal_code == "45"
    with pytest.raises(ValidationError, match="contesta este título"):
        ask_again(active, operator)
    # Mended, it may be charged and listed again.
    receivable_correct(receivable=active.receivable, actor=operator, amount=active.amount / 2)
    assert ask_again(active, operator).amount == active.amount / 2


def test_a_contest_rejected_lets_the_listing_go_on(
    active: Restriction, integration: Integration, operator: User
) -> None:
    opened = contest(active, operator)
    midlife.impediment_decide(
        impediment=opened, actor=operator, outcome="rejected", decision="O serviço foi usado."
    )
    active.refresh_from_db()
    active.receivable.refresh_from_db()
    assert (active.status, active.receivable.disputed) == (Status.ACTIVE, False)
    assert not RemovalDuty.objects.exists()
    with pytest.raises(ValidationError, match="Já foi decidido"):
        midlife.impediment_decide(
            impediment=opened, actor=operator, outcome="upheld", decision="Mudei de ideia."
        )


def test_a_contest_withdraws_what_has_not_left(
    queued: Restriction, integration: Integration, operator: User, sandbox: Sandbox
) -> None:
    contest(queued, operator)
    queued.refresh_from_db()
    assert queued.status == Status.CANCELLED
    assert restrictions_drain(integration.pk) == 0
    assert sandbox.ledger() == []


def test_a_contest_meets_a_correction_under_way(
    active: Restriction, integration: Integration, operator: User, sandbox: Sandbox
) -> None:
    new = correction_request(restriction=active, actor=operator, kind="address")
    contest(active, operator)
    settle(integration, new, lambda: new.status != Status.DRAFT)
    assert new.status == Status.CANCELLED
    assert "contesta" in new.problem
    assert len(sandbox.ledger()) == 1


def test_a_court_order_takes_it_off_at_once_and_forbids_it(
    active: Restriction, integration: Integration, operator: User
) -> None:
    told_on = timezone.localdate() - timedelta(days=1)
    order = midlife.court_order_open(
        receivable=active.receivable, actor=operator, told_on=told_on, text="Processo 1."
    )
    duty = RemovalDuty.objects.get(restriction=active)
    assert (duty.cause, duty.starts_on) == (DutyCause.COURT_ORDER, told_on)
    settle(integration, active, lambda: active.status == Status.REMOVED)
    assert active.removal_code == "04"
    with pytest.raises(ValidationError, match="ordem judicial"):
        ask_again(active, operator)
    impediment_close(impediment=order, actor=operator, outcome="lifted", decision="Revogada.")
    assert ask_again(active, operator).status == Status.QUEUED


def test_an_order_that_finds_a_lost_answer_sets_the_deadline(
    queued: Restriction, integration: Integration, operator: User, sandbox: Sandbox
) -> None:
    sandbox.add_faults(
        {"method": "POST", "path": "/v1/negativacoes", "kind": "lost_answer", "times": 1}
    )
    restrictions_drain(integration.pk)
    midlife.court_order_open(
        receivable=queued.receivable,
        actor=operator,
        told_on=timezone.localdate(),
        text="Processo 2.",
    )
    assert RemovalDuty.objects.get(restriction=queued).cause == DutyCause.COURT_ORDER


def test_death_takes_every_listing_off(
    active: Restriction, integration: Integration, operator: User
) -> None:
    customer = active.customer
    second = restriction_request(receivable=factories.receivable(customer), actor=operator)
    count = midlife.customer_deceased(
        customer=customer, actor=operator, deceased_on=timezone.localdate()
    )
    second.refresh_from_db()
    assert (count, second.status) == (2, Status.CANCELLED)
    settle(integration, active, lambda: active.status == Status.REMOVED)
    assert active.removal_code == "44"
    with pytest.raises(ValidationError, match="faleceu"):
        ask_again(active, operator)
    customer_death(customer=customer, actor=operator, deceased_on=None)
    assert ask_again(active, operator).status == Status.QUEUED


def test_death_in_the_future_or_of_a_company_is_refused(branch: Branch, operator: User) -> None:
    person, company = factories.customer(branch), factories.customer(branch, company=True)
    tomorrow = timezone.localdate() + timedelta(days=1)
    for customer, day in ((person, tomorrow), (company, timezone.localdate())):
        with pytest.raises(ValidationError):
            midlife.customer_deceased(customer=customer, actor=operator, deceased_on=day)
        customer.refresh_from_db()
        assert customer.deceased_on is None


def test_a_new_holder(active: Restriction, integration: Integration, operator: User) -> None:
    midlife.holder_changed(restriction=active, actor=operator, told_on=timezone.localdate())
    assert RemovalDuty.objects.get(restriction=active).cause == DutyCause.OWNERSHIP_CHANGE
    settle(integration, active, lambda: active.status == Status.REMOVED)
    assert active.removal_code == "16"


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        ("91", "contested", "contest"),
        ("95", "letter_returned", None),
        ("96", "court_order", "court_order"),
        ("97", "five_years", None),
    ],
)
def test_what_the_bureau_takes_off_by_itself(
    code: str,
    reason: str,
    kind: str | None,
    active: Restriction,
    integration: Integration,
    operator: User,
    sandbox: Sandbox,
) -> None:
    sandbox.force(active.protocol, "BAIXADA", codigo_baixa=code)
    settle(integration, active, lambda: active.status == Status.REMOVED)
    assert (active.removal_code, active.removal_reason) == (code, reason)
    assert active.removal_requested_at is None
    opened = Impediment.objects.filter(receivable=active.receivable, closed_at=None).first()
    assert (opened.kind if opened else None) == kind
    if opened:
        assert opened.opened_by is None
        assert f"código {code}" in opened.text
        with pytest.raises(ValidationError):
            ask_again(active, operator)


def test_a_court_order_at_the_bureau_stops_a_correction_under_way(
    active: Restriction, integration: Integration, operator: User, sandbox: Sandbox
) -> None:
    new = correction_request(restriction=active, actor=operator, kind="address")
    sandbox.force(active.protocol, "BAIXADA", codigo_baixa="96")
    settle(integration, new, lambda: new.status != Status.DRAFT)
    active.refresh_from_db()
    assert (active.removal_reason, new.status) == ("court_order", Status.CANCELLED)
    assert "ordem judicial" in new.problem


def test_who_may(active: Restriction, attendant: User, outsider: User) -> None:
    for actor in (attendant, outsider):
        with pytest.raises(NotAllowed):
            contest(active, actor)
        with pytest.raises(NotAllowed):
            midlife.customer_deceased(
                customer=active.customer, actor=actor, deceased_on=timezone.localdate()
            )
    assert not Impediment.objects.exists()
