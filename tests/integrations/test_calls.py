"""*Registro de chamadas*: who sees which calls, how they are narrowed, what a row opens."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.integrations.choices import CallOutcome, Purpose
from regua.integrations.models import BureauCall, Integration
from regua.integrations.selectors import automatic_obstacles
from regua.organization.models import Branch, GeneralParameters
from regua.restrictions.models import Restriction
from regua.web.formats import SAO_PAULO
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def home(branch: Branch) -> Integration:
    return factories.integration(branch)


def called(integration: Integration, **fields: Any) -> BureauCall:
    return BureauCall.objects.create(
        **{
            "integration": integration,
            "purpose": "inquiry",
            "subject": f"integration:{integration.pk}",
            "method": "POST",
            "path": "/v1/consultas",
            "outcome": CallOutcome.ANSWERED,
            "http_status": 200,
            "duration_ms": 312,
            **fields,
        }
    )


def url(integration: Integration, call: BureauCall | None = None) -> str:
    if call:
        return reverse("integration_call", args=[integration.pk, call.pk])
    return reverse("integration_calls", args=[integration.pk])


def shown(client: Client, integration: Integration, **asked: str) -> list[int]:
    answer = client.get(url(integration), asked)
    assert answer.status_code == 200
    return [line["call"].pk for line in answer.context["lines"]]


def test_the_branchs_manager_sees_its_calls_and_no_others(
    home: Integration, other_branch: Branch, manager: User
) -> None:
    older = called(home, started_at=timezone.now() - timedelta(hours=1))
    newer = called(home)
    called(factories.integration(other_branch))
    assert shown(signed_in(manager), home) == [newer.pk, older.pk]


def test_who_may_not_see_calls_has_neither_tab_nor_page(
    home: Integration, other_branch: Branch, operator: User, outsider: User
) -> None:
    call = called(home)
    elsewhere = factories.user(Role.FINANCE_MANAGER, other_branch)
    for person in (operator, outsider, elsewhere):
        client = signed_in(person)
        assert client.get(url(home)).status_code == 404
        assert client.get(url(home, call)).status_code == 404


def test_a_call_opens_only_under_its_own_integration(
    home: Integration, other_branch: Branch, administrator: User
) -> None:
    theirs = called(factories.integration(other_branch))
    assert signed_in(administrator).get(url(home, theirs)).status_code == 404


def test_the_integrations_page_leads_to_them(home: Integration, manager: User) -> None:
    called(home)
    said = signed_in(manager).get(reverse("integration_detail", args=[home.pk])).content.decode()
    assert said.count(f'href="{url(home)}"') == 2, "the tab and Última chamada"


def test_a_row_says_in_words_why_about_what_and_by_whom(
    branch: Branch, home: Integration, manager: User
) -> None:
    inquiry = factories.answered(branch, manager, integration=home)
    called(home, subject=f"inquiry:{inquiry.pk}", actor=manager)
    called(home, purpose="sync", subject="restriction:99999999")
    called(home, purpose="other", subject="naught:x")
    said = signed_in(manager).get(url(home)).content.decode()
    assert f'<a href="{reverse("inquiry_detail", args=[inquiry.pk])}">Consulta nº' in said
    assert "Consulta de crédito" in said
    assert manager.name in said
    assert "Sincronização" in said
    assert "Negativação nº 99999999" in said
    assert "Sistema" in said


def test_the_number_of_queries_does_not_grow(
    branch: Branch,
    home: Integration,
    manager: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = signed_in(manager)
    for _ in range(30):
        inquiry = factories.answered(branch, manager, integration=home)
        called(home, subject=f"inquiry:{inquiry.pk}", actor=manager)
    assert Restriction.objects.count() == 0
    with django_assert_max_num_queries(15):
        client.get(url(home))


ENDED: list[tuple[str, dict[str, Any]]] = [
    ("respondida", {}),
    ("recusada", {"http_status": 422}),
    ("falhou", {"outcome": CallOutcome.FAILED, "http_status": None, "error": "Sem conexão."}),
    ("aberta", {"outcome": CallOutcome.PENDING, "http_status": None, "duration_ms": None}),
]


def test_each_ending_is_found_alone(home: Integration, manager: User) -> None:
    calls = {end: called(home, **fields).pk for end, fields in ENDED}
    client = signed_in(manager)
    assert {end: shown(client, home, situacao=end) for end in calls} == {
        end: [pk] for end, pk in calls.items()
    }


def test_purpose_and_period_narrow(home: Integration, manager: User) -> None:
    def at(day: int, hour: int) -> datetime:
        return datetime(2026, 5, day, hour, 30, tzinfo=SAO_PAULO)

    late = called(home, started_at=at(10, 23), purpose=Purpose.SYNC)
    next_day = called(home, started_at=at(11, 0))
    client = signed_in(manager)
    assert shown(client, home, de="10/05/2026", ate="10/05/2026") == [late.pk]
    assert shown(client, home, de="11/05/2026") == [next_day.pk]
    assert shown(client, home, finalidade="sync") == [late.pk]
    assert shown(client, home, finalidade="removal") == []


@pytest.mark.parametrize(
    "asked",
    [
        {"de": "31/02/2026"},
        {"de": "01/01/0001"},
        {"ate": "9999-12-31"},
        {"de": "02/05/2026", "ate": "01/05/2026", "situacao": "respondida"},
        {"finalidade": "drop table"},
        {"situacao": "\x00"},
        {"cursor": "tampered"},
    ],
)
def test_what_cannot_be_read_never_fails(
    home: Integration, manager: User, asked: dict[str, str]
) -> None:
    called(home)
    assert signed_in(manager).get(url(home), asked).status_code == 200


def test_a_bad_date_is_said_at_its_field(home: Integration, manager: User) -> None:
    said = signed_in(manager).get(url(home), {"de": "31/02/2026"}).content.decode()
    assert "Escreva a data como dd/mm/aaaa." in said
    backwards = {"de": "02/05/2026", "ate": "01/05/2026"}
    assert (
        "Vem antes da data inicial."
        in signed_in(manager).get(url(home), backwards).content.decode()
    )


def test_pages_go_through_calls_of_the_same_instant(home: Integration, manager: User) -> None:
    moment = timezone.now()
    made = [called(home, started_at=moment).pk for _ in range(120)]
    client, seen, cursor = signed_in(manager), [], ""
    while True:
        page = client.get(url(home), {"cursor": cursor} if cursor else {}).context["page"]
        seen += [call.pk for call in page]
        if not page.has_next:
            break
        cursor = page.next_cursor
    assert seen == made[::-1]


def test_an_opened_call_shows_what_was_kept_of_it(integration: Integration, manager: User) -> None:
    """A real exchange with the sandbox: its token and secret stay out."""
    client = signed_in(manager)
    integration.refresh_from_db()
    secrets = [integration.unseal(name) for name in ("client_secret", "token")]
    assert all(secrets)
    texts = [
        client.get(url(integration, call)).content.decode() for call in integration.calls.all()
    ]
    assert texts
    assert any("Recebido" in text for text in texts)
    assert any("Atualização de códigos" in text for text in texts)
    assert not any(secret in text for secret in secrets for text in texts)


# --- The general switch --------------------------------------------------------------------------


def switch_off() -> None:
    GeneralParameters.objects.update_or_create(pk=1, defaults={"credit_analysis": False})


def test_the_general_switch_stops_what_acts_by_itself(integration: Integration) -> None:
    Integration.objects.update(automatic=True)
    integration.refresh_from_db()
    assert automatic_obstacles(integration) == {}
    switch_off()
    [obstacle] = automatic_obstacles(integration).values()
    assert "Parâmetros gerais" in obstacle


def test_the_page_says_so_and_links_to_the_switch(home: Integration, manager: User) -> None:
    page = reverse("integration_detail", args=[home.pk])
    client = signed_in(manager)
    sentence = "A análise de crédito está desligada nos Parâmetros gerais."
    assert sentence not in client.get(page).content.decode()
    switch_off()
    said = client.get(page).content.decode()
    link = f'<a href="{reverse("parameters_general")}">Abrir os Parâmetros gerais</a>'
    assert f"{sentence} {link}" in said
