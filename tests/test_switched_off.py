"""*Utilizar integração com análise de crédito* = Não: every option is disabled and says why."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.inquiries.models import Inquiry
from regua.inquiries.services import inquiry_request
from regua.integrations.models import Integration
from regua.integrations.parameters import parameters_update
from regua.organization.models import Branch
from regua.receivables.models import Receivable
from regua.restrictions.choices import Status
from regua.restrictions.models import Restriction
from regua.restrictions.sender import restrictions_drain
from regua.restrictions.services import removal_request, restriction_request
from tests import factories
from tests.cli.command import regua
from tests.processes.running import environment

pytestmark = pytest.mark.django_db(transaction=True)
REASON = "A análise de crédito está desligada nos Parâmetros gerais"
PARAMETERS = reverse("parameters_general")
CENTRAL = reverse("inquiry_list")


@pytest.fixture
def debt(branch: Branch) -> Receivable:
    return factories.receivable(factories.customer(branch))


@pytest.fixture
def listed(integration: Integration, branch: Branch, operator: User) -> Restriction:
    """At the bureau before the switch was turned."""
    owed = factories.receivable(factories.customer(branch))
    row = restriction_request(receivable=owed, actor=operator)
    restrictions_drain(integration.pk)
    row.refresh_from_db()
    assert row.status in (Status.SENT, Status.NOTIFIED, Status.ACTIVE)
    return row


@pytest.fixture
def answered(integration: Integration, branch: Branch, operator: User) -> Inquiry:
    return factories.answered(branch, operator, integration=integration)


@pytest.fixture
def off(
    integration: Integration, listed: Restriction, answered: Inquiry, administrator: User
) -> None:
    parameters_update(actor=administrator, credit_analysis=False)


def seen(user: User, address: str) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def linked(page: str) -> bool:
    """Whether the page's body, not its menu, leads to the parameters."""
    return f'href="{PARAMETERS}"' in page.split("<main", 1)[1]


@pytest.fixture
def addresses(branch: Branch, debt: Receivable, off: None) -> dict[str, str]:
    customer = debt.customer
    lead, prospect = factories.lead(branch), factories.prospect(branch)
    return {
        "central": CENTRAL,
        "customer": reverse("customer_detail", args=[customer.pk]),
        "customer_ask": reverse("customer_ask", args=[customer.pk]),
        "customer_inquiries": reverse("customer_inquiries", args=[customer.pk]),
        "receivables": reverse("customer_receivables", args=[customer.pk]),
        "wizard": reverse("restriction_create", args=[customer.pk]),
        "leads": reverse("lead_list"),
        "lead_ask": reverse("lead_ask", args=[lead.pk]),
        "prospects": reverse("prospect_list"),
        "prospect_ask": reverse("prospect_ask", args=[prospect.pk]),
    }


@pytest.mark.parametrize(
    "place",
    [
        "central",
        "customer",
        "customer_ask",
        "customer_inquiries",
        "receivables",
        "wizard",
        "leads",
        "lead_ask",
        "prospects",
        "prospect_ask",
    ],
)
def test_every_place_says_why(
    place: str, addresses: dict[str, str], operator: User, manager: User, debt: Receivable
) -> None:
    for user, opens in ((operator, False), (manager, True)):
        page = seen(user, addresses[place])
        assert REASON in page
        assert linked(page) is opens
        for dead in ("ask-button", "use-button", "join-button", "?titulo="):
            assert dead not in page
        if place != "wizard":  # there is nothing to choose from
            assert "disabled" in page.split("<main", 1)[1] or place == "receivables"
        for name in ("customer_ask", "lead_ask", "prospect_ask", "restriction_create"):
            address = reverse(name, args=[debt.customer_id])
            assert f'href="{address}' not in page, name


def test_whoever_asks_all_the_same_is_refused_and_nothing_is_written(
    off: None, branch: Branch, debt: Receivable, operator: User
) -> None:
    before = Inquiry.objects.count(), Restriction.objects.count()
    with pytest.raises(ValidationError, match=REASON):
        inquiry_request(actor=operator, branch=branch, document=factories.ordinary_document())
    with pytest.raises(ValidationError, match=REASON):
        restriction_request(receivable=debt, actor=operator)
    client = Client()
    client.force_login(operator)
    answer = client.post(
        CENTRAL,
        {"document": factories.ordinary_document(), "product_code": "PF-SCORE", "purpose": "Venda"},
    )
    assert REASON in answer.content.decode()
    wizard = f"{reverse('restriction_create', args=[debt.customer_id])}?titulo={debt.pk}"
    answer = client.post(wizard, {"etapa": "confirmar", "restriction_code": "TI"})
    assert REASON in answer.content.decode()
    assert (Inquiry.objects.count(), Restriction.objects.count()) == before


def test_asking_or_listing_again_is_disabled(
    off: None, answered: Inquiry, listed: Restriction, operator: User
) -> None:
    Inquiry.objects.update(status="refused", problem="Nada foi consultado.")
    page = seen(operator, reverse("inquiry_detail", args=[answered.pk]))
    assert REASON in page
    assert "Consultar de novo</button>" in page
    Restriction.objects.update(status=Status.REFUSED, due_at=None, problem="Falta o CEP.")
    page = seen(operator, reverse("restriction_detail", args=[listed.pk]))
    assert REASON in page
    assert "Negativar de novo</button>" in page
    assert 'id="list-again"' not in page


def test_in_the_terminal(off: None, debt: Receivable, operator: User) -> None:
    env = environment(REGUA_USUARIO=operator.email)
    for command in (["consultar", factories.ordinary_document()], ["negativar", debt.our_number]):
        said = regua(*command, env=env)
        assert said.code == 1
        assert said.sentence().startswith(REASON)


def test_history_stays_readable(
    off: None, answered: Inquiry, listed: Restriction, operator: User
) -> None:
    audit = factories.user(Role.AUDIT)
    for user in (operator, audit):
        assert reverse("inquiry_detail", args=[answered.pk]) in seen(user, CENTRAL)
        page = seen(user, reverse("customer_restrictions", args=[listed.customer_id]))
        assert reverse("restriction_detail", args=[listed.pk]) in page
        seen(user, reverse("restriction_detail", args=[listed.pk]))
        seen(user, reverse("inquiry_list"))


def test_removals_still_work(
    off: None, listed: Restriction, integration: Integration, operator: User
) -> None:
    page = seen(operator, reverse("restriction_detail", args=[listed.pk]))
    assert 'id="ask-removal"' in page
    removal_request(restriction=listed, actor=operator, reason="renegotiated")
    restrictions_drain(integration.pk)
    listed.refresh_from_db()
    assert listed.status in (Status.REMOVAL_SENT, Status.REMOVED)


def test_switched_on_again_all_is_as_before(
    off: None, branch: Branch, debt: Receivable, operator: User, administrator: User
) -> None:
    parameters_update(actor=administrator, credit_analysis=True)
    page = seen(operator, reverse("customer_detail", args=[debt.customer_id]))
    assert REASON not in page
    assert reverse("customer_ask", args=[debt.customer_id]) in page
    assert restriction_request(receivable=debt, actor=operator).status == Status.QUEUED
