"""The page of one listing: what it says in each state, and what may be done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.integrations.models import BureauCall, Integration, ReasonCode
from regua.organization.models import Branch
from regua.receivables.models import Receivable
from regua.restrictions.choices import Source, Status
from regua.restrictions.history import record_event
from regua.restrictions.models import Restriction
from tests import factories
from tests.restrictions import bare

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
HTMX = {"HX-Request": "true"}


@pytest.fixture
def owed(branch: Branch) -> Receivable:
    bare.integration(branch)
    return factories.receivable(factories.customer(branch))


def at(name: str, row: Restriction) -> str:
    return reverse(name, args=[row.pk])


def page(client: Client, row: Restriction) -> str:
    return str(client.get(at("restriction_detail", row)).content.decode())


@pytest.mark.parametrize(
    ("status", "fields", "sentences"),
    [
        (Status.QUEUED, {}, ["Na fila para sair ao birô.", "Cancelar pedido"]),
        (
            Status.QUEUED,
            {"unknown": True, "attempts": 1},
            ["Saindo para o birô agora.", "Está sendo conferido com o birô."],
        ),
        (
            Status.QUEUED,
            {"unknown": True, "attempts": 1, "problem": "Sem resposta."},
            [
                "O birô não confirmou se recebeu.",
                "nada será enviado em dobro",
                "A esclarecer",
            ],
        ),
        (
            Status.QUEUED,
            {"attempts": 1, "problem": "O birô está fora do ar."},
            ["O birô está fora do ar.", "Tentamos de novo"],
        ),
        (Status.SENT, {"sent_at": timezone.now()}, ["O birô recebeu em", "Pedir baixa"]),
        (
            Status.NOTIFIED,
            {"notified_on": TODAY(), "visible_on": TODAY() + timedelta(days=10)},
            ["Comunicado enviado em", "se não houver pagamento"],
        ),
        (Status.NOTIFIED, {}, ["Comunicado enviado."]),
        (Status.ACTIVE, {"visible_on": TODAY()}, ["Visível no birô desde", "Pedir baixa"]),
        (
            Status.ACTIVE,
            {"problem": "O birô recusou a baixa: código desconhecido."},
            ["O birô recusou a baixa"],
        ),
        (Status.ACTIVE, {"unavailable": True}, ["não sabe informar", "Birô não informa"]),
        (Status.REMOVAL_QUEUED, {}, ["A baixa está na fila", "A baixa já foi pedida."]),
        (
            Status.REMOVAL_QUEUED,
            {"unknown": True, "attempts": 2, "problem": "Sem resposta."},
            ["não confirmou se recebeu o pedido de baixa"],
        ),
        (Status.REMOVAL_SENT, {"removal_requested_at": timezone.now()}, ["Baixa pedida em"]),
        (Status.REMOVED, {"removal_code": "95"}, ["sem pedido nosso", "Do próprio birô"]),
        (Status.REFUSED, {}, ["O birô recusou.", "código 295", "Negativar de novo"]),
        (Status.CANCELLED, {"protocol": ""}, ["Pedido cancelado antes de sair."]),
    ],
)
def test_it_says_where_it_stands(
    client: Client,
    owed: Receivable,
    operator: User,
    status: Status,
    fields: dict[str, Any],
    sentences: list[str],
) -> None:
    row = bare.listing(owed, status, actor=operator, **fields)
    client.force_login(operator)
    text = page(client, row)
    for sentence in sentences:
        assert sentence in text
    assert owed.customer.document not in text
    assert ("every 2s" in text) is (not row.is_final)


def test_three_actors(
    client: Client, owed: Receivable, operator: User, attendant: User, outsider: User
) -> None:
    row = bare.listing(owed)
    client.force_login(operator)
    assert client.get(at("restriction_detail", row)).status_code == 200
    names = ("restriction_detail", "restriction_live", "removal_create")
    for nobody in (attendant, outsider):
        client.force_login(nobody)
        for name in names:
            assert client.get(at(name, row), headers=HTMX).status_code == 404
        assert client.post(at("removal_create", row), {"reason": "paid"}).status_code == 404
        assert client.post(at("restriction_cancel", row)).status_code == 404
    row.refresh_from_db()
    assert row.status == Status.ACTIVE


def test_a_problem_of_the_integration_is_shown(
    client: Client, owed: Receivable, operator: User
) -> None:
    row = bare.listing(owed, Status.QUEUED)
    Integration.objects.update(problem="O Client Secret não é aceito.")
    client.force_login(operator)
    assert "O Client Secret não é aceito." in page(client, row)


def test_the_page_follows_by_itself_and_stops_at_the_end(
    client: Client, owed: Receivable, operator: User
) -> None:
    row = bare.listing(owed, Status.SENT)
    client.force_login(operator)
    seen = client.get(at("restriction_detail", row)).context["version"]
    live = at("restriction_live", row)
    assert client.get(live, {"v": seen}, headers=HTMX).status_code == 204
    Restriction.objects.filter(pk=row.pk).update(
        status=Status.REFUSED, problem="O birô recusou.", due_at=None
    )
    row.refresh_from_db()
    record_event(row, text="O birô recusou.", source=Source.WEBHOOK, before=Status.SENT)
    news = client.get(live, {"v": seen}, headers=HTMX)
    assert news.status_code == 200
    text = news.content.decode()
    assert "every 2s" not in text
    assert text.count('hx-swap-oob="innerHTML"') == 5
    assert "<html" not in text
    assert client.get(live)["Location"] == at("restriction_detail", row)


def test_the_page_costs_the_same_whatever_happened(
    client: Client, owed: Receivable, operator: User
) -> None:
    row = bare.listing(owed)
    client.force_login(operator)
    with CaptureQueriesContext(connection) as few:
        page(client, row)
    for _ in range(6):
        record_event(row, text="Sincronizada.", source=Source.PERSON, actor=operator)
    with CaptureQueriesContext(connection) as many:
        page(client, row)
    assert len(many) == len(few)


def test_calls_are_for_those_who_may_see_them(
    client: Client, owed: Receivable, operator: User, manager: User, other_branch: Branch
) -> None:
    row = bare.listing(owed)
    calls_url = reverse("bureau_calls", args=[f"restriction:{row.pk}"])
    BureauCall.objects.create(
        integration=row.integration,
        purpose="restriction",
        subject=f"restriction:{row.pk}",
        method="POST",
        path="/v1/negativacoes",
        request={"nome": "***", "cidade": "São Paulo"},
        http_status=202,
        outcome="answered",
    )
    client.force_login(operator)
    assert "Chamadas ao birô" not in page(client, row)
    assert client.get(calls_url).status_code == 404
    client.force_login(factories.user(Role.FINANCE_MANAGER, other_branch))
    assert "São Paulo" not in client.get(calls_url).content.decode()
    client.force_login(manager)
    assert "Chamadas ao birô" in page(client, row)
    calls = client.get(calls_url).content.decode()
    assert "São Paulo" in calls
    assert "202" in calls


# --- Removal and withdrawal --------------------------------------------------------------------


def test_a_paid_debt_asks_for_its_removal(client: Client, owed: Receivable, operator: User) -> None:
    row = bare.listing(owed)
    client.force_login(operator)
    assert "não sai sozinha: peça a baixa" not in page(client, row)
    bare.pay(owed)
    assert "Este título foi pago. A negativação não sai sozinha: peça a baixa." in page(client, row)
    form = client.get(at("removal_create", row))
    assert form.context["form"]["reason"].value() == "paid"
    assert "Pagamento da dívida (código 01)" in form.content.decode()


def test_ask_for_the_removal(client: Client, owed: Receivable, operator: User) -> None:
    row = bare.listing(owed)
    client.force_login(operator)
    form = client.get(at("removal_create", row)).context["form"]
    assert [reason for reason, _ in form.fields["reason"].choices] == ["paid", "renegotiated"]
    for wrong in ("", "court_order", "porque sim", "a\x00b"):
        answer = client.post(at("removal_create", row), {"reason": wrong})
        assert answer.status_code == 200
        assert "reason" in answer.context["form"].errors
    row.refresh_from_db()
    assert row.status == Status.ACTIVE
    answer = client.post(at("removal_create", row), {"reason": "renegotiated"})
    assert answer["Location"] == at("restriction_detail", row)
    row.refresh_from_db()
    assert (row.status, row.removal_code) == (Status.REMOVAL_QUEUED, "19")
    again = client.post(at("removal_create", row), {"reason": "paid"}, follow=True)
    assert "já foi pedida" in again.content.decode()


def test_without_codes_the_removal_says_where_they_come_from(
    client: Client, owed: Receivable, operator: User
) -> None:
    row = bare.listing(owed)
    ReasonCode.objects.all().delete()
    client.force_login(operator)
    assert "Atualizar códigos" in client.get(at("removal_create", row)).content.decode()
    assert client.post(at("removal_create", row), {"reason": "paid"}).status_code == 200


def test_withdraw(client: Client, owed: Receivable, operator: User) -> None:
    row = bare.listing(owed, Status.QUEUED)
    client.force_login(operator)
    assert client.get(at("restriction_cancel", row)).status_code == 405
    answer = client.post(at("restriction_cancel", row), follow=True)
    assert "Pedido cancelado" in answer.content.decode()
    row.refresh_from_db()
    assert row.status == Status.CANCELLED
    again = client.post(at("restriction_cancel", row), follow=True)
    assert "Não há o que cancelar" in again.content.decode()


def test_what_may_have_left_cannot_be_withdrawn(
    client: Client, owed: Receivable, operator: User
) -> None:
    row = bare.listing(owed, Status.QUEUED, unknown=True, attempts=1)
    client.force_login(operator)
    answer = client.post(at("restriction_cancel", row), follow=True)
    assert "já saiu" in answer.content.decode()
    row.refresh_from_db()
    assert row.status == Status.QUEUED


def test_who_only_looks_sees_no_action(client: Client, owed: Receivable) -> None:
    from regua.accounts.permissions import Role

    row = bare.listing(owed)
    client.force_login(factories.user(Role.AUDIT))
    assert at("removal_create", row) not in page(client, row)
    assert client.post(at("removal_create", row), {"reason": "paid"}).status_code == 403
    waiting = bare.listing(factories.receivable(owed.customer), Status.QUEUED)
    assert at("restriction_cancel", waiting) not in page(client, waiting)
    assert client.post(at("restriction_cancel", waiting)).status_code == 403
