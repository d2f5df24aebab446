"""The screens of integrations and branches, as each person sees them."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.integrations.models import Integration, ReasonCode
from regua.organization.models import Branch
from tests import factories
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

LIST = reverse("integration_list")
NEW = reverse("integration_new")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def typed(branch: Branch, /, **changes: str) -> dict[str, str]:
    return {
        "provider": "credito_na_medida",
        "branch": str(branch.pk),
        "environment": "production",
        "base_url": "https://biro.example",
        "client_id": "cliente",
        "client_secret": "segredo",
        "webhook_secret": "",
        "automatic": "nao",
        **changes,
    }


def page(integration: Integration) -> str:
    return reverse("integration_detail", args=[integration.pk])


def test_registered_synchronised_linked(
    branch: Branch, administrator: User, sandbox: Sandbox
) -> None:
    client = signed_in(administrator)
    data = typed(
        branch,
        base_url=sandbox.url,
        client_id=sandbox.client_id,
        client_secret=sandbox.client_secret,
    )
    answer = client.post(NEW, data, follow=True)
    made = Integration.objects.get()
    assert answer.redirect_chain == [(page(made), 302)]
    assert made.linked_at is None
    assert sandbox.client_secret not in answer.content.decode()
    assert "É gerado na primeira consulta" in answer.content.decode()

    said = client.post(reverse("integration_sync_codes", args=[made.pk]), follow=True)
    assert "18 códigos de restrição" in said.content.decode()
    assert "Consulta básica de pessoa física" in said.content.decode()

    del data["client_secret"]
    data |= {"restriction_code": "TI", "company_restriction_code": "NF", "removal_code": "01"}
    client.post(page(made), {**data, "automatic": "sim"})
    made.refresh_from_db()
    assert (made.automatic, made.restriction_code, made.removal_code) == (True, "TI", "01")
    assert made.unseal("client_secret") == sandbox.client_secret, "left empty, it stays"

    link = reverse("branch_integrations", args=[branch.pk])
    client.post(link, {"integration": str(made.pk)})
    made.refresh_from_db()
    assert made.linked_at
    client.post(link, {"integration": ""})
    made.refresh_from_db()
    assert made.linked_at is None


def test_a_second_integration_is_refused_beside_the_branch(
    branch: Branch, administrator: User
) -> None:
    client = signed_in(administrator)
    client.post(NEW, typed(branch))
    first = Integration.objects.get()
    answer = client.post(NEW, typed(branch))
    assert f"já tem a integração nº {first.pk}" in answer.context["form"].errors["branch"][0]
    assert page(first) in answer.content.decode()
    assert Integration.objects.count() == 1


def test_two_simultaneous_saves_make_one(branch: Branch, administrator: User) -> None:
    answers: list[Any] = []
    start = threading.Barrier(2)

    def save() -> None:
        client = signed_in(administrator)
        start.wait()
        answers.append(client.post(NEW, typed(branch)))
        connection.close()

    threads = [threading.Thread(target=save) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 302]
    assert Integration.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("base_url", "ftp://biro.example"),
        ("base_url", "http://biro.example"),
        ("base_url", "https://10.0.0.1"),
        ("base_url", "https://" + "a" * 300),
        ("client_secret", ""),
        ("environment", "lua"),
        ("provider", "outro"),
        ("branch", "999999999999999999999999"),
        ("automatic", "talvez"),
        ("restriction_code", "XX"),
    ],
)
def test_bad_input_is_said_beside_its_field(
    field: str, value: str, branch: Branch, administrator: User
) -> None:
    answer = signed_in(administrator).post(NEW, typed(branch, **{field: value}))
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert not Integration.objects.exists()


def test_a_bureau_that_refuses_is_told_and_nothing_changes(
    integration: Integration, administrator: User, sandbox: Sandbox
) -> None:
    client = signed_in(administrator)
    before = ReasonCode.objects.count()
    client.post(
        page(integration),
        typed(integration.branch, client_secret="outro")
        | {"base_url": sandbox.url, "client_id": sandbox.client_id},
    )
    for name in ("integration_sync_codes", "integration_test"):
        address = reverse(name, args=[integration.pk])
        for headers in ({}, {"HX-Request": "true"}):
            answer = client.post(address, headers=headers, follow=True)
            assert "Client Secret" in answer.content.decode()
    integration.refresh_from_db()
    assert integration.problem
    assert ReasonCode.objects.count() == before
    assert integration.problem in client.get(LIST).content.decode()
    client.post(
        page(integration),
        typed(integration.branch, client_secret=sandbox.client_secret)
        | {"base_url": sandbox.url, "client_id": sandbox.client_id},
    )
    client.post(reverse("integration_test", args=[integration.pk]))
    integration.refresh_from_db()
    assert integration.problem == ""


def test_a_default_code_that_vanished_is_shown_and_kept(
    integration: Integration, administrator: User
) -> None:
    ReasonCode.objects.filter(code="TI").update(gone_at=integration.created_at)
    client = signed_in(administrator)
    shown = client.get(page(integration)).content.decode()
    assert "o birô não oferece mais" in shown
    assert "não oferece mais o código TI" in shown


def test_what_is_typed_survives_a_synchronisation(
    integration: Integration, administrator: User
) -> None:
    answer = signed_in(administrator).post(
        reverse("integration_sync_codes", args=[integration.pk]),
        {"restriction_code": "TM"},
        headers={"HX-Request": "true"},
    )
    shown = answer.content.decode()
    assert '<option value="TM" selected>' in shown
    assert "integration-state" in shown
    integration.refresh_from_db()
    assert integration.restriction_code == "TI"


def test_who_may_see_and_change(
    integration: Integration, manager: User, operator: User, outsider: User, administrator: User
) -> None:
    auditor = factories.user(Role.AUDIT)
    stranger = factories.user(Role.FINANCE_MANAGER, outsider.branches.get())
    data = typed(integration.branch, base_url="https://outro.example")
    for reader in (manager, auditor):
        client = signed_in(reader)
        assert client.get(LIST).status_code == 200
        seen = client.get(page(integration)).content.decode()
        assert "Salvar" not in seen
        assert "Testar conexão" not in seen
        assert client.get(NEW).status_code == 403
        for address in (
            page(integration),
            reverse("integration_sync_codes", args=[integration.pk]),
            reverse("integration_test", args=[integration.pk]),
            reverse("branch_integrations", args=[integration.branch_id]),
        ):
            assert client.post(address, data).status_code == 403
    client = signed_in(operator)
    assert client.get(LIST).status_code == 403
    assert client.get(page(integration)).status_code == 404
    client = signed_in(stranger)
    assert client.get(page(integration)).status_code == 404
    assert client.post(page(integration), data).status_code == 404
    assert client.get(reverse("branch_detail", args=[integration.branch_id])).status_code == 404
    before = integration.base_url
    integration.refresh_from_db()
    assert integration.base_url == before


def test_lists_cost_the_same_however_long(
    administrator: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(administrator)
    for number in range(12):
        client.post(NEW, typed(factories.branch(f"Filial {number}")))
    for name in ("integration_list", "branch_list"):
        with django_assert_max_num_queries(11):
            assert "12 " in client.get(reverse(name)).content.decode()
