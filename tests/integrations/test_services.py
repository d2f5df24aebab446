"""Registering and linking an integration; its catalogue."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.bureaus.errors import Misconfigured
from regua.integrations import gateway
from regua.integrations.models import Integration, Product, ReasonCode
from regua.integrations.selectors import codes_for, integrations_visible, products_for
from regua.integrations.services import (
    catalogue_sync,
    integration_create,
    integration_link,
    integration_update,
)
from regua.organization.models import Branch
from tests import factories
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
FIELDS: dict[str, Any] = {
    "provider": "credito_na_medida",
    "environment": "production",
    "base_url": "https://biro.example",
    "client_id": "cliente",
    "client_secret": "segredo",
}


def test_three_actors(
    branch: Branch,
    manager: User,
    operator: User,
    outsider: User,
    attendant: User,
    administrator: User,
) -> None:
    for nobody in (manager, operator, outsider, attendant):
        with pytest.raises(NotAllowed):
            integration_create(actor=nobody, branch=branch, **FIELDS)
    made = integration_create(actor=administrator, branch=branch, **FIELDS)
    for nobody in (manager, operator, outsider):
        with pytest.raises(NotAllowed):
            integration_link(integration=made, actor=nobody)
        with pytest.raises(NotAllowed):
            catalogue_sync(integration=made, actor=nobody)
    assert integrations_visible(manager).get() == made
    assert not integrations_visible(outsider).exists()


def test_a_second_integration_names_the_first(branch: Branch, administrator: User) -> None:
    first = integration_create(actor=administrator, branch=branch, **FIELDS)
    with pytest.raises(ValidationError, match=f"já tem a integração nº {first.pk}") as caught:
        integration_create(actor=administrator, branch=branch, **FIELDS)
    assert set(caught.value.message_dict) == {"branch"}
    assert Integration.objects.count() == 1


def test_two_saves_at_once_make_one_integration(branch: Branch, administrator: User) -> None:
    start = threading.Barrier(4)
    outcomes: list[str] = []

    def save() -> None:
        try:
            start.wait()
            integration_create(actor=administrator, branch=branch, **FIELDS)
            outcomes.append("made")
        except ValidationError as error:
            outcomes.append(next(iter(error.message_dict)))
        finally:
            connection.close()

    threads = [threading.Thread(target=save) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["branch", "branch", "branch", "made"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"provider": "outro"}, "provider"),
        ({"base_url": "http://biro.example"}, "base_url"),
        ({"base_url": "nada"}, "base_url"),
        ({"client_id": ""}, "client_id"),
        ({"client_secret": ""}, "client_secret"),
    ],
)
def test_bad_fields(
    change: dict[str, str], field: str, branch: Branch, administrator: User
) -> None:
    with pytest.raises(ValidationError) as caught:
        integration_create(actor=administrator, branch=branch, **{**FIELDS, **change})
    assert field in caught.value.message_dict
    assert not Integration.objects.exists()


def test_a_secret_left_empty_stays(integration: Integration, administrator: User) -> None:
    updated = integration_update(
        integration=integration, actor=administrator, client_secret="", automatic=True
    )
    assert updated.unseal("client_secret") == "segredo-demo"
    assert updated.automatic
    assert updated.token_sealed, "the token still fits the credentials"


def test_new_credentials_drop_the_old_token(integration: Integration, administrator: User) -> None:
    updated = integration_update(integration=integration, actor=administrator, client_secret="novo")
    assert updated.unseal("client_secret") == "novo"
    assert not updated.token_sealed


def test_the_catalogue_comes_from_the_bureau(integration: Integration) -> None:
    person, company = "12345678909", "12345678000195"
    people = {product.code for product in products_for(integration, person)}
    companies = {product.code for product in products_for(integration, company)}
    assert people
    assert companies
    assert people != companies
    removal = {code.code: code for code in codes_for(integration, "removal")}
    assert removal["01"].reason == "paid"
    assert "97" not in removal, "only the bureau may use it"
    assert ReasonCode.objects.filter(code="97", bureau_only=True).exists()


def test_what_the_bureau_no_longer_lists_is_marked_gone(
    integration: Integration, administrator: User, sandbox: Sandbox
) -> None:
    Product.objects.create(
        integration=integration, code="ANTIGO", name="Antigo", person_kind="F", price=1
    )
    catalogue_sync(integration=integration, actor=administrator)
    assert Product.objects.get(code="ANTIGO").gone_at is not None
    assert "ANTIGO" not in {p.code for p in products_for(integration, "12345678909")}
    Product.objects.filter(code="PF-BASICA").update(gone_at="2026-01-01T00:00Z")
    catalogue_sync(integration=integration, actor=administrator)
    assert Product.objects.get(code="PF-BASICA").gone_at is None, "it came back"


@pytest.mark.parametrize("address", ["https://10.0.0.1", "https://biro", "https://[fd00::1]"])
def test_the_operator_may_allow_the_internal_network(
    address: str, branch: Branch, administrator: User, settings: Any
) -> None:
    fields = {**FIELDS, "base_url": address}
    with pytest.raises(ValidationError, match="rede interna"):
        integration_create(actor=administrator, branch=branch, **fields)
    settings.CONFIG = settings.CONFIG.model_copy(update={"allow_private_bureau": True})
    assert integration_create(actor=administrator, branch=branch, **fields).base_url == address
    with pytest.raises(ValidationError, match="https"):
        integration_create(
            actor=administrator,
            branch=factories.branch("Outra"),
            **{**FIELDS, "base_url": address.replace("https", "http")},
        )


def test_the_line_to_the_bureau_is_told_what_the_operator_allows(
    integration: Integration, settings: Any
) -> None:
    Integration.objects.update(base_url="https://10.255.255.1")
    integration.refresh_from_db()
    with pytest.raises(Misconfigured, match="rede interna"), gateway.line(integration, purpose="x"):
        pass
    settings.CONFIG = settings.CONFIG.model_copy(update={"allow_private_bureau": True})
    with gateway.line(integration, purpose="x"):
        pass  # it may be called now; nobody does
    gateway.hang_up()


def test_a_row_without_any_credential_cannot_be_linked(branch: Branch, administrator: User) -> None:
    made = integration_create(actor=administrator, branch=branch, **FIELDS)
    with pytest.raises(IntegrityError), transaction.atomic():
        Integration.objects.filter(pk=made.pk).update(
            client_id_sealed="", client_secret_sealed="", linked_at="2026-01-01T00:00Z"
        )
