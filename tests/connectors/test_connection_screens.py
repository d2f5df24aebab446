"""*Sistema de gestão*: connected, tried, read and looked at, by those who may."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from regua.accounts.models import User
from regua.imports.connection_models import Connection
from regua.imports.connection_pulling import connection_pull
from regua.organization.models import Branch
from regua.parties.models import Customer
from tests import factories
from tests.connectors.conftest import StubIxc

pytestmark = pytest.mark.django_db

LIST = reverse("connection_list")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_connected_tried_read_and_looked_at(
    ixc: StubIxc, branch: Branch, administrator: User, manager: User, outsider: User
) -> None:
    client = signed_in(administrator)
    new = reverse("connection_new", args=["ixc"])
    assert "Conectar IXC Provedor" in client.get(LIST).content.decode()

    typed = {"branch": str(branch.pk), "base_url": ixc.url, "token": "", "active": "sim"}
    refused = client.post(new, {**typed, "base_url": "http://10.0.0.1", "token": "1:a"})
    assert "precisa começar com https://" in refused.content.decode()
    client.post(new, {**typed, "token": "7:errado"})
    made = Connection.objects.get()
    page = reverse("connection_detail", args=[made.pk])
    assert "7:errado" not in made.settings_sealed
    assert "já tem um sistema" in client.post(new, {**typed, "token": "1:a"}).content.decode()

    tried = client.post(reverse("connection_try", args=[made.pk]), follow=True)
    assert "recusou o token" in tried.content.decode()
    client.post(page, {**typed, "token": ixc.token})
    client.post(page, typed)
    made.refresh_from_db()
    assert made.unseal()["token"] == ixc.token, "left empty, it stays"
    tried = client.post(reverse("connection_try", args=[made.pk]), follow=True)
    assert "A conexão funciona" in tried.content.decode()

    ixc.put(
        "cliente",
        {"id": 1, "razao": "Ana", "cnpj_cpf": factories.ordinary_document()},
        {"id": 2, "razao": "Bia", "cnpj_cpf": "111.111.111-11"},
    )
    sync = reverse("connection_pull_now", args=[made.pk])
    assert "Leitura pedida" in client.post(sync, follow=True).content.decode()
    assert 'hx-trigger="every 3s"' in client.get(page).content.decode()
    assert "Já há uma leitura" in client.post(sync, follow=True).content.decode()
    run = connection_pull(made.pk, pause=0)
    assert run is not None
    assert Customer.objects.get().name == "Ana"

    seen = signed_in(manager).get(page).content.decode()
    assert "Feita, com pendências" in seen
    assert 'hx-trigger="every 3s"' not in seen
    assert administrator.name in seen
    detail = signed_in(manager).get(reverse("connection_run", args=[made.pk, run.pk]))
    assert "Não é um CPF nem um CNPJ válido." in detail.content.decode()
    assert ixc.token not in seen + detail.content.decode()
    assert "111" not in detail.content.decode()

    # To another address the token does not go along.
    moved = client.post(page, {**typed, "base_url": "https://outro.example"})
    assert "informe Token de novo" in moved.content.decode()
    assert signed_in(manager).post(page, typed).status_code == 403
    assert signed_in(outsider).get(page).status_code == 404
