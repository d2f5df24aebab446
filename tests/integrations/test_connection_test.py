"""*Testar conexão*: one sentence says what is wrong, whatever it is."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.integrations.models import Integration
from regua.integrations.services import connection_test
from tests.bureaus.scripted_server import ScriptedServer, reply, scripted_server
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


def point(integration: Integration, url: str) -> None:
    Integration.objects.update(base_url=url)
    integration.refresh_from_db()


def problem(integration: Integration, administrator: User) -> str:
    found = connection_test(integration=integration, actor=administrator).problem
    assert found.count(". ") == 0, "one sentence"
    assert found.endswith(".")
    assert "segredo" not in found
    return found


def test_all_is_well(integration: Integration, administrator: User) -> None:
    check = connection_test(integration=integration, actor=administrator)
    assert (check.problem, check.warning) == ("", "")
    assert check.products > 0


def test_it_signs_in_anew(integration: Integration, administrator: User, sandbox: Sandbox) -> None:
    """A token that still works would hide that the secret no longer does."""
    integration.refresh_from_db()
    integration.seal("client_secret", "errado")
    integration.save()
    assert integration.token_sealed
    assert "não aceitou as credenciais" in problem(integration, administrator)


def test_the_contract(integration: Integration, administrator: User, sandbox: Sandbox) -> None:
    for path in ("/v1/produtos", "/oauth/token"):
        sandbox.add_faults({"path": path, "kind": "status", "status": 402})
        assert "pendência no contrato" in problem(integration, administrator)
        sandbox.clear_faults()


def test_nothing_listens(integration: Integration, administrator: User) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    point(integration, f"http://127.0.0.1:{port}")
    assert f"Nada atende em 127.0.0.1:{port}" in problem(integration, administrator)


def test_no_such_name(integration: Integration, administrator: User) -> None:
    point(integration, "https://biro.invalid")
    assert "biro.invalid não foi encontrado" in problem(integration, administrator)


def test_no_secure_connection(
    integration: Integration, administrator: User, server: ScriptedServer
) -> None:
    point(integration, server.url.replace("http:", "https:"))
    assert "Não houve conexão segura" in problem(integration, administrator)


@pytest.mark.parametrize("status", [404, 301, 405])
def test_somebody_else_answers(
    integration: Integration, administrator: User, server: ScriptedServer, status: int
) -> None:
    server.on("/oauth/token", reply(status, b"<html>", Location="/outro"))
    point(integration, server.url)
    assert "não responde como o birô" in problem(integration, administrator)


def test_a_page_instead_of_a_token(
    integration: Integration, administrator: User, server: ScriptedServer
) -> None:
    server.on("/oauth/token", reply(200, b"<html>Bem-vindo"))
    point(integration, server.url)
    assert "não responde como o birô" in problem(integration, administrator)


def test_too_slow(
    integration: Integration, administrator: User, sandbox: Sandbox, settings: Any
) -> None:
    settings.CONFIG = settings.CONFIG.model_copy(update={"bureau_timeout": 0.5})
    sandbox.add_faults({"path": "/v1/produtos", "kind": "timeout", "seconds": 3})
    assert "não respondeu em 0.5 s" in problem(integration, administrator).replace(",", ".")


def test_the_internal_network(integration: Integration, administrator: User, settings: Any) -> None:
    """The operator has taken the permission back after the address was saved."""
    point(integration, "https://10.0.0.1")
    assert "rede interna" in problem(integration, administrator)


@pytest.mark.parametrize("status", [429, 500, 403])
def test_anything_else_in_the_first_sentence_of_its_message(
    integration: Integration, administrator: User, sandbox: Sandbox, status: int
) -> None:
    sandbox.add_faults({"path": "/v1/produtos", "kind": "status", "status": status})
    assert problem(integration, administrator).startswith("O ")


@pytest.mark.parametrize(
    ("shift", "said"),
    [
        (0, ""),
        (50, ""),
        (-50, ""),
        (300, "5 minutos atrasado"),
        (-300, "5 minutos adiantado"),
        (75, "1 minuto atrasado"),
    ],
)
def test_the_clock(
    integration: Integration,
    administrator: User,
    server: ScriptedServer,
    shift: int,
    said: str,
) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=shift), usegmt=True)
    token = {"access_token": "t0", "expires_in": 900}
    server.on("/oauth/token", reply(200, token, Date=date))
    server.on("/v1/produtos", reply(200, [], Date=date))
    point(integration, server.url)
    check = connection_test(integration=integration, actor=administrator)
    if said:
        assert said in check.warning
        page = Client()
        page.force_login(administrator)
        address = reverse("integration_test", args=[integration.pk])
        for headers in ({}, {"HX-Request": "true"}):
            shown = page.post(address, headers=headers, follow=True).content.decode()
            assert said in shown
    else:
        assert check.warning == ""


def test_the_clock_is_read_where_the_credentials_fail_too(
    integration: Integration, administrator: User, server: ScriptedServer
) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    server.on("/oauth/token", reply(401, {}, Date=date))
    point(integration, server.url)
    check = connection_test(integration=integration, actor=administrator)
    assert "credenciais" in check.problem
    assert "120 minutos atrasado" in check.warning


def test_who_may_test(
    integration: Integration, manager: User, operator: User, outsider: User
) -> None:
    for nobody in (manager, operator, outsider):
        with pytest.raises(NotAllowed):
            connection_test(integration=integration, actor=nobody)
    integration.refresh_from_db()
    assert integration.token_sealed, "nothing was touched"


def test_the_first_query_fills_the_token_and_its_date(
    integration: Integration, administrator: User
) -> None:
    Integration.objects.update(token_sealed="", token_expires_at=None, token_updated_at=None)
    page = Client()
    page.force_login(administrator)
    address = reverse("integration_detail", args=[integration.pk])
    assert 'value="não gerado"' in page.get(address).content.decode()
    connection_test(integration=integration, actor=administrator)
    shown = page.get(address).content.decode()
    integration.refresh_from_db()
    assert 'value="gerado"' in shown
    assert integration.token_updated_at is not None
    assert integration.unseal("token") not in shown
