"""Each provider declares its own fields; they are shown, kept sealed and handed to its client."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.bureaus import plugins, registry
from regua.integrations import gateway
from regua.integrations.models import Integration
from regua.integrations.services import (
    catalogue_sync,
    connection_test,
    integration_create,
    integration_link,
    integration_update,
)
from regua.organization.models import Branch
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

NEW = reverse("integration_new")
OWN = {"login": "convenio-7", "senha": "muito-secreta", "contrato": "C-1"}


@pytest.fixture(autouse=True)
def _plug_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    entry = EntryPoint("exemplo", "tests.integrations.plug_in:provider", registry.GROUP)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [entry])
    registry.reset()
    yield
    gateway.hang_up()
    registry.reset()


@pytest.fixture
def client(administrator: User) -> Client:
    client = Client()
    client.force_login(administrator)
    return client


def typed(branch: Branch, /, **changes: str) -> dict[str, str]:
    return {
        "provider": "exemplo",
        "branch": str(branch.pk),
        "environment": "production",
        "base_url": "",
        "automatic": "nao",
        **OWN,
        **changes,
    }


def registered(branch: Branch, administrator: User, **changes: Any) -> Integration:
    fields: dict[str, Any] = {"environment": "production", "base_url": "", **OWN, **changes}
    return integration_create(actor=administrator, branch=branch, provider="exemplo", **fields)


def test_choosing_a_bureau_shows_its_fields_and_hides_the_others(
    client: Client, branch: Branch
) -> None:
    first = client.get(NEW).content.decode()
    assert "Escolha o intermediador" in first
    assert "Login do convênio" not in first
    assert 'name="client_id"' not in first
    redrawn = client.post(NEW, typed(branch, recarregar="1")).content.decode()
    assert "Login do convênio" in redrawn
    assert 'name="client_id"' not in redrawn
    assert 'value="convenio-7"' in redrawn, "what was typed stays"
    assert "muito-secreta" not in redrawn
    assert 'value="https://api.exemplo.test"' in redrawn
    other = client.post(NEW, typed(branch, recarregar="1", provider="credito_na_medida"))
    assert 'name="client_id"' in other.content.decode()
    assert "Login do convênio" not in other.content.decode()
    assert not Integration.objects.exists()


def test_the_address_follows_the_environment_until_somebody_types_one(
    client: Client, branch: Branch
) -> None:
    def shown(**changes: str) -> str:
        return client.post(NEW, typed(branch, recarregar="1", **changes)).content.decode()

    standard = "https://api.exemplo.test"
    assert 'value="https://homologa.exemplo.test"' in shown(
        environment="staging", base_url=standard
    )
    own = shown(environment="staging", base_url="https://meu.exemplo.test")
    assert 'value="https://meu.exemplo.test"' in own


def test_registered_on_the_screen_sealed_and_write_only(client: Client, branch: Branch) -> None:
    answer = client.post(NEW, typed(branch), follow=True)
    made = Integration.objects.get()
    assert made.base_url == "https://api.exemplo.test", "the provider's own"
    assert made.provider_settings() == OWN
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM integrations_integration t")
        [[row]] = cursor.fetchall()
    assert not any(value in row for value in ("convenio-7", "muito-secreta"))
    shown = answer.content.decode()
    assert 'value="convenio-7"' in shown
    assert "muito-secreta" not in shown
    assert "Definido. Deixe vazio para manter." in shown

    page = reverse("integration_detail", args=[made.pk])
    client.post(page, typed(branch, login="convenio-8", senha="", contrato=""))
    made.refresh_from_db()
    assert made.provider_settings() == {
        "login": "convenio-8",
        "senha": "muito-secreta",
        "contrato": "",
    }


def test_what_is_missing_is_said_beside_its_field(
    client: Client, branch: Branch, administrator: User
) -> None:
    answer = client.post(NEW, typed(branch, login="", senha=""))
    assert {"login", "senha"} <= set(answer.context["form"].errors)
    with pytest.raises(ValidationError) as caught:
        registered(branch, administrator, senha="")
    assert "Falta Senha do convênio" in caught.value.message_dict["senha"][0]
    with pytest.raises(TypeError):
        registered(branch, administrator, outra="x")
    assert not Integration.objects.exists()


def test_its_client_receives_them(branch: Branch, administrator: User) -> None:
    made = registered(branch, administrator)
    integration_link(integration=made, actor=administrator)
    assert connection_test(integration=made, actor=administrator).products == 1
    catalogue_sync(integration=made, actor=administrator)
    told = made.products.get().name
    assert told == "convenio-7/muito-secreta@https://api.exemplo.test"
    made = integration_update(integration=made, actor=administrator, senha="nova")
    catalogue_sync(integration=made, actor=administrator)
    assert made.products.get().name == "convenio-7/nova@https://api.exemplo.test"


def test_new_credentials_drop_the_old_token(branch: Branch, administrator: User) -> None:
    made = registered(branch, administrator)
    made.seal("token", "abc")
    made.save()
    made = integration_update(integration=made, actor=administrator, login="convenio-7")
    assert made.token_sealed, "nothing changed"
    made = integration_update(integration=made, actor=administrator, senha="nova")
    assert not made.token_sealed


def test_a_lost_key_asks_for_them_again(
    branch: Branch, administrator: User, client: Client, settings: Any
) -> None:
    made = registered(branch, administrator)
    other = "novo:" + "A" * 43 + "="
    settings.CONFIG = settings.CONFIG.model_copy(
        update={"encryption_keys": type(settings.CONFIG.encryption_keys)(other)}
    )
    page = reverse("integration_detail", args=[made.pk])
    assert client.get(page).status_code == 200
    client.post(page, typed(branch))
    made.refresh_from_db()
    assert made.provider_settings() == OWN


def test_who_only_reads_sees_no_secret_and_changes_nothing(
    branch: Branch, administrator: User, operator: User, manager: User
) -> None:
    made = registered(branch, administrator)
    page = reverse("integration_detail", args=[made.pk])
    for user, status in ((manager, 200), (factories.user(Role.AUDIT), 200), (operator, 404)):
        reader = Client()
        reader.force_login(user)
        answer = reader.get(page)
        assert answer.status_code == status
        assert "muito-secreta" not in answer.content.decode()
        assert reader.post(page, typed(branch, recarregar="1")).status_code in (403, 404)
        assert reader.post(NEW, typed(branch, recarregar="1")).status_code == 403
    made.refresh_from_db()
    assert made.provider_settings() == OWN


def test_the_grid_names_and_filters_both(
    client: Client, branch: Branch, other_branch: Branch, administrator: User
) -> None:
    registered(branch, administrator)
    integration_create(
        actor=administrator,
        branch=other_branch,
        provider="credito_na_medida",
        environment="production",
        base_url="https://biro.example",
        client_id="a",
        client_secret="b",
    )
    page = reverse("integration_list")

    def names(**asked: str) -> list[str]:
        return [row.provider_name for row in client.get(page, asked).context["page"]]

    assert names(ordem="intermediador") == ["Birô Exemplo", "Crédito na Medida"]
    assert names(ordem="-intermediador") == ["Crédito na Medida", "Birô Exemplo"]
    assert names(intermediador="exemplo") == ["Birô Exemplo"]
