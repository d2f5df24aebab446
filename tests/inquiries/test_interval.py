"""The interval between inquiries about the same CPF or CNPJ: what is offered, refused, recorded."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.inquiries.budget import budget_set
from regua.inquiries.choices import AccessKind
from regua.inquiries.models import Inquiry, InquiryAccess
from regua.inquiries.selectors import within_interval
from regua.inquiries.services import WithinInterval, inquiry_request
from regua.integrations.models import Integration
from regua.integrations.parameters import parameters_update
from regua.organization.models import Branch
from regua.web import formats
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
CENTRAL = reverse("inquiry_list")
CLEAN = factories.cpf_behaving("001")
DAYS = 30


@pytest.fixture
def interval(administrator: User) -> None:
    parameters_update(actor=administrator, inquiry_interval_days=DAYS)


@pytest.fixture
def earlier(integration: Integration, branch: Branch, operator: User, interval: None) -> Inquiry:
    """Twelve days old, by the branch's analyst."""
    return factories.answered(
        branch,
        operator,
        integration=integration,
        requested_days_ago=12,
        document=CLEAN,
        score=720,
        band="B",
        outcome="conditions",
    )


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def question(**changes: str) -> dict[str, str]:
    return {
        "document": CLEAN,
        "product_code": "PF-SCORE",
        "purpose": "Venda",
        "key": str(uuid4()),
        **changes,
    }


def options(user: User, address: str = CENTRAL, **changes: str) -> str:
    data = question(options="1", **changes)
    answer = signed_in(user).post(address, data, headers={"HX-Request": "true"})
    return answer.content.decode()


def ask(actor: User, branch: Branch, **more: str) -> Inquiry:
    return inquiry_request(actor=actor, branch=branch, document=CLEAN, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("days_ago", "moment", "inside"),
    [
        (0, time(0, 0), True),
        (DAYS - 1, time(0, 0, 1), True),
        (DAYS, time(23, 59, 59), False),
    ],
)
def test_the_window_counts_calendar_days_in_sao_paulo(
    days_ago: int, moment: time, inside: bool, earlier: Inquiry, operator: User
) -> None:
    day = timezone.localdate() - timedelta(days=days_ago)
    at = datetime.combine(day, moment, tzinfo=formats.SAO_PAULO)
    Inquiry.objects.update(requested_at=at)
    assert bool(within_interval(CLEAN, DAYS, actor=operator)) is inside


def test_without_an_interval_nobody_waits(
    earlier: Inquiry, administrator: User, branch: Branch, attendant: User
) -> None:
    parameters_update(actor=administrator, inquiry_interval_days=None)
    page = options(attendant)
    assert reverse("inquiry_use", args=[earlier.pk]) in page, "offered all the same"
    assert 'id="ask-button"' in page
    assert ask(attendant, branch).repeats is None


def test_refused_ones_do_not_count(earlier: Inquiry, branch: Branch, attendant: User) -> None:
    Inquiry.objects.update(status="refused", outcome="")
    assert ask(attendant, branch).pk != earlier.pk


def test_another_branchs_inquiry_counts_only_for_who_sees_it(
    earlier: Inquiry,
    branch: Branch,
    other_branch: Branch,
    outsider: User,
    administrator: User,
    attendant: User,
) -> None:
    Integration.objects.update(branch=other_branch)
    Inquiry.objects.update(branch=branch)
    with pytest.raises(WithinInterval):
        ask(administrator, other_branch)
    assert "use-button" not in options(outsider)
    assert ask(outsider, other_branch).status == "queued"


def test_the_earlier_answer_is_offered_instead(
    earlier: Inquiry, attendant: User, operator: User
) -> None:
    page = options(attendant)
    for said in (
        f"Há uma consulta de {formats.day(earlier.requested_at)}, feita por {operator.name}",
        "Aprovar com condições. Score 720, faixa B. Sem pendências.",
        "Intervalo de 30 dias",
        "faltam 18 dias, outra só em "
        f"{formats.day(timezone.localdate() + timedelta(days=DAYS - 12))}",
        "R$\xa07,50, economizados se usar esta",
        "Administrador ou Gestor financeiro",
    ):
        assert said in page, said
    assert 'id="ask-button"' not in page
    assert "repeat_reason" not in page
    manager = factories.user(Role.FINANCE_MANAGER, earlier.branch)
    page = options(manager)
    assert "Consultar mesmo assim · R$\xa07,50" in page
    assert "<details" in page
    assert "R$\xa01,90, economizados" in options(attendant, product_code="LOCALIZA")


@pytest.mark.parametrize("entrance", ["customer", "lead", "prospect"])
def test_every_entrance_offers_it(
    entrance: str, earlier: Inquiry, branch: Branch, attendant: User
) -> None:
    party = getattr(factories, entrance)(branch, document=CLEAN)
    address = reverse(f"{entrance}_ask", args=[party.pk])
    page = signed_in(attendant).get(address).content.decode()
    assert reverse("inquiry_use", args=[earlier.pk]) in page
    assert 'id="ask-button"' not in page
    answer = signed_in(attendant).post(address, question())
    assert answer.status_code == 200
    assert Inquiry.objects.count() == 1


def test_used_with_its_purpose_recorded(earlier: Inquiry, attendant: User, outsider: User) -> None:
    use = reverse("inquiry_use", args=[earlier.pk])
    assert signed_in(attendant).get(use).status_code == 405
    answer = signed_in(attendant).post(use, question(purpose="Mudança de plano"))
    assert answer.headers["Location"] == reverse("inquiry_detail", args=[earlier.pk])
    [access] = InquiryAccess.objects.all()
    assert (access.inquiry, access.actor, access.kind, access.purpose) == (
        earlier,
        attendant,
        AccessKind.REUSED,
        "Mudança de plano",
    )
    signed_in(attendant).post(use, {"purpose": "x" * 500})
    assert signed_in(outsider).post(use, question()).status_code == 404
    assert signed_in(factories.user(Role.AUDIT)).post(use, question()).status_code == 403
    assert InquiryAccess.objects.count() == 2
    assert Inquiry.objects.count() == 1
    Inquiry.objects.update(status="refused", outcome="")
    assert signed_in(attendant).post(use, question()).status_code == 404


def test_going_on_takes_the_permission_and_a_reason(
    earlier: Inquiry, branch: Branch, attendant: User, operator: User, manager: User
) -> None:
    for actor in (attendant, operator):
        with pytest.raises(WithinInterval, match=f"consulta nº {earlier.pk}"):
            ask(actor, branch)
        with pytest.raises(NotAllowed, match="consultar de novo dentro do intervalo"):
            ask(actor, branch, repeat_reason="Porque sim")
        answer = signed_in(actor).post(CENTRAL, question(repeat_reason="Porque sim"))
        assert answer.status_code == 403
    for blank in ("", "   "):
        with pytest.raises(WithinInterval):
            ask(manager, branch, repeat_reason=blank)
        answer = signed_in(manager).post(CENTRAL, question(repeat_reason=blank))
        assert list(answer.context["form"].errors) == ["repeat_reason"]
        assert '<details class="mt-3" open>' in answer.content.decode()
    answer = signed_in(manager).post(CENTRAL, question(repeat_reason="x" * 201))
    assert list(answer.context["form"].errors) == ["repeat_reason"]
    assert Inquiry.objects.count() == 1

    answer = signed_in(manager).post(CENTRAL, question(repeat_reason=" Quitou ontem "))
    assert answer.status_code == 302
    repeated = Inquiry.objects.latest("pk")
    assert (repeated.repeats, repeated.repeat_reason) == (earlier, "Quitou ontem")
    assert repeated.requested_by == manager


def test_the_refusal_says_when_who_and_that_nothing_was_charged(
    earlier: Inquiry, branch: Branch, attendant: User
) -> None:
    answer = signed_in(attendant).post(CENTRAL, question())
    [sentence] = answer.context["form"].non_field_errors()
    assert formats.day(earlier.requested_at) in sentence
    assert earlier.requested_by.name in sentence
    assert "Nada foi consultado nem cobrado" in sentence
    assert CLEAN not in sentence


def test_a_reason_where_nothing_is_repeated_is_no_repetition(
    integration: Integration, interval: None, branch: Branch, attendant: User
) -> None:
    asked = ask(attendant, branch, repeat_reason="Porque sim")
    assert (asked.repeats, asked.repeat_reason) == (None, "")


def test_the_month_stands_beside_the_price(
    integration: Integration, branch: Branch, manager: User, attendant: User
) -> None:
    assert "Orçamento de" not in options(attendant)
    budget_set(branch=branch, actor=manager, monthly=Decimal(10), warn_percent=75)
    page = options(attendant)
    assert "Orçamento de" in page
    assert "disabled" not in page

    asked = ask(attendant, branch, product_code="PF-SCORE")
    Inquiry.objects.filter(pk=asked.pk).update(status="refused", due_at=None)  # out of the way
    page = options(attendant)
    assert "tone-notice" in page, "three quarters are spent"
    assert 'id="ask-button" disabled' in page
    assert "restam R$\xa02,50 e esta consulta custa R$\xa07,50" in page
    assert "disabled" not in options(attendant, product_code="LOCALIZA")
    answer = signed_in(attendant).post(CENTRAL, question())
    assert "Nada foi consultado nem cobrado" in answer.content.decode()
    with pytest.raises(ValidationError):
        ask(attendant, branch, product_code="PF-SCORE")
    assert Inquiry.objects.count() == 1


def test_what_is_under_way_is_joined_even_when_the_month_is_spent(
    integration: Integration, branch: Branch, manager: User, attendant: User, operator: User
) -> None:
    budget_set(branch=branch, actor=manager, monthly=Decimal("7.50"))
    asked = ask(operator, branch, product_code="PF-SCORE")
    page = options(attendant)
    assert "disabled" not in page
    assert f"Acompanhar a consulta nº {asked.pk}" in page
