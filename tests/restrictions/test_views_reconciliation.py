"""The reconciliation page and the sync's button, for whoever may and may not, with bad input."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.restrictions.choices import Status
from regua.restrictions.ledger_choices import RunState
from regua.restrictions.models import Difference, Reconciliation, SyncState
from tests import factories
from tests.restrictions import bare

pytestmark = pytest.mark.django_db


@pytest.fixture
def linked(branch: Branch) -> Integration:
    return bare.integration(branch)


@pytest.fixture
def difference(linked: Integration, branch: Branch, operator: User) -> Difference:
    ours = bare.listing(factories.receivable(factories.customer(branch)), Status.ACTIVE)
    run = Reconciliation.objects.create(
        integration=linked,
        state=RunState.DONE,
        started_at=timezone.now(),
        finished_at=timezone.now(),
        asked_by=operator,
    )
    return Difference.objects.create(
        run=run,
        kind="only_ours",
        restriction=ours,
        receivable=ours.receivable,
        protocol=ours.protocol,
        document="***.456.789-**",
        contract=ours.contract_number,
        our_status=ours.status,
        our_amount=ours.amount,
        our_due_date=ours.due_date,
    )


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def jobs(task: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s AND status = 'todo'",
            [task],
        )
        return int(cursor.fetchone()[0])


PAGE = "/negativacoes/conciliacao/"


def test_pressed_twice_one_sync_and_one_comparison_are_asked_for(
    linked: Integration, operator: User
) -> None:
    client = signed_in(operator)
    sync, compare = reverse("restriction_sync"), f"{PAGE}{linked.pk}/iniciar/"
    said = [
        client.post(path, follow=True).content.decode() for path in (sync, sync, compare, compare)
    ]
    for text, expected in zip(
        said,
        ("Sincronização pedida", "Já em andamento", "Conciliação pedida", "já está em andamento"),
        strict=True,
    ):
        assert expected in text
    assert (jobs("restrictions.sync"), jobs("restrictions.reconcile")) == (1, 1)
    assert SyncState.objects.get().asked_by == operator
    assert Reconciliation.objects.get().asked_by == operator
    assert "Sincronização na fila" in client.get(PAGE).content.decode()


def test_what_differs_is_shown_and_asked_about_before_anything_happens(
    difference: Difference, linked: Integration, operator: User
) -> None:
    client = signed_in(operator)
    page = client.get(PAGE).content.decode()
    assert "***.456.789-**" in page
    assert difference.restriction is not None
    assert difference.restriction.debtor["document"] not in page
    remedy = f"{PAGE}{linked.pk}/remedio/"
    body = {"secao": "so-aqui", "remedio": "close", "pk": [difference.pk]}
    asked = client.post(remedy, body).content.decode()
    assert "Encerrar aqui: 1 diferença?" in asked
    difference.refresh_from_db()
    assert difference.remedy == ""
    client.post(remedy, {**body, "confirmado": "sim"})
    difference.refresh_from_db()
    assert (difference.remedy, difference.asked_by) == ("close", operator)
    assert jobs("restrictions.remedies") == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"secao": "x", "remedio": "close"},
        {"secao": "so-aqui", "remedio": "adopt", "pk": "1"},
        {"secao": "so-aqui", "remedio": "close", "pk": ["x", "-1", "9" * 40, "\x00"]},
        {"secao": "valor", "remedio": "correct", "todas": "sim"},
    ],
)
def test_bad_input_does_nothing(
    difference: Difference, linked: Integration, operator: User, body: dict[str, object]
) -> None:
    client = signed_in(operator)
    answer = client.post(f"{PAGE}{linked.pk}/remedio/", {**body, "confirmado": "sim"}, follow=True)
    assert answer.status_code == 200
    assert "Nada foi feito" in answer.content.decode()
    difference.refresh_from_db()
    assert difference.remedy == ""
    assert client.get(f"{PAGE}?integracao=%00x").status_code == 200
    assert client.post(reverse("restriction_sync"), {"integracao": "x"}).status_code == 404


def test_who_may_not(
    difference: Difference, linked: Integration, attendant: User, outsider: User, branch: Branch
) -> None:
    asking = {"secao": "so-aqui", "remedio": "close", "pk": [difference.pk], "confirmado": "sim"}
    auditor = factories.user(Role.AUDIT, branch)
    assert signed_in(attendant).get(PAGE).status_code == 403
    client = signed_in(outsider)
    assert "***.456.789-**" not in client.get(PAGE).content.decode()
    for path in ("iniciar", "remedio"):
        assert client.post(f"{PAGE}{linked.pk}/{path}/", asking).status_code == 404
    client = signed_in(auditor)
    seen = client.get(PAGE).content.decode()
    assert "***.456.789-**" in seen
    assert "Encerrar aqui</button>" not in seen
    assert 'id="reconcile-now"' not in seen
    assert client.post(f"{PAGE}{linked.pk}/remedio/", asking).status_code == 403
    assert client.post(f"{PAGE}{linked.pk}/iniciar/").status_code == 403
    assert client.post(reverse("restriction_sync")).status_code == 403
    difference.refresh_from_db()
    assert difference.remedy == ""
    assert Reconciliation.objects.count() == 1


def test_the_integration_tells_of_its_sync(linked: Integration, administrator: User) -> None:
    client = signed_in(administrator)
    page = client.get(reverse("integration_detail", args=[linked.pk])).content.decode()
    path = reverse("restriction_sync_state", args=[linked.pk])
    assert path in page
    line = client.get(path, {"de": "integracao"}).content.decode()
    assert "Ainda não sincronizada." in line
    assert "Sincronizar status negativação" in line
