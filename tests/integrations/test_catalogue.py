"""*Atualizar códigos*: what came, changed and vanished; what that does to automatic use."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.bureaus.errors import BureauError
from regua.integrations.choices import ChangeKind
from regua.integrations.models import CatalogueChange, Integration, Product, ReasonCode
from regua.integrations.selectors import automatic_obstacles, lost_codes
from regua.integrations.services import catalogue_sync, integration_update, reasons_map
from tests import factories
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def seen(changes: Any) -> list[tuple[str, str, str]]:
    return sorted((change.kind, change.code, change.change) for change in changes)


def vanish(integration: Integration, code: str) -> None:
    """A default that the bureau (which sells what it sells) does not list."""
    row = ReasonCode.objects.get(integration=integration, kind="restriction", code="TI")
    ReasonCode.objects.create(
        integration=integration, kind="restriction", code=code, description="Antigo"
    )
    integration.restriction_code = code
    integration.save()
    assert row.gone_at is None


@pytest.fixture
def ready(integration: Integration, administrator: User) -> Integration:
    return integration_update(integration=integration, actor=administrator, automatic=True)


def test_the_first_time_everything_came(integration: Integration, administrator: User) -> None:
    changes = CatalogueChange.objects.all()
    assert {change.change for change in changes} == {ChangeKind.CAME}
    lines = Product.objects.count() + ReasonCode.objects.count()
    assert len(changes) == lines
    assert {change.actor for change in changes} == {administrator}
    assert {change.at for change in changes} == {integration.codes_synced_at}


def test_a_second_time_nothing_is_different(integration: Integration, administrator: User) -> None:
    before = CatalogueChange.objects.count()
    diff = catalogue_sync(integration=integration, actor=administrator)
    assert diff.changes == ()
    assert diff.products == Product.objects.count()
    assert CatalogueChange.objects.count() == before


def test_what_came_changed_vanished_and_returned_is_told_and_kept(
    integration: Integration, administrator: User
) -> None:
    basic = Product.objects.get(code="PF-BASICA")
    true_price = basic.price
    Product.objects.filter(pk=basic.pk).update(price=Decimal("1.00"), name="Nome velho")
    Product.objects.create(
        integration=integration, code="ANTIGO", name="Antigo", person_kind="F", price=1
    )
    ReasonCode.objects.filter(kind="removal", code="01").update(description="Pago")
    ReasonCode.objects.filter(kind="removal", code="03").delete()
    ReasonCode.objects.filter(kind="restriction", code="TI").update(gone_at="2026-01-01T00:00Z")
    diff = catalogue_sync(integration=integration, actor=administrator)
    assert seen(diff.changes) == [
        ("product", "ANTIGO", "gone"),
        ("product", "PF-BASICA", "changed"),
        ("removal", "01", "changed"),
        ("removal", "03", "came"),
        ("restriction", "TI", "back"),
    ]
    changed = CatalogueChange.objects.get(code="PF-BASICA", change="changed")
    assert changed.before["price"] == "1.00"
    assert changed.before["name"] == "Nome velho"
    assert Decimal(changed.after["price"]) == true_price
    page = signed_in(administrator).get(reverse("integration_detail", args=[integration.pk]))
    text = page.content.decode()
    assert "Desde a vez anterior: 1 novo, 2 mudaram, 1 saiu, 1 voltou" in text
    assert "Nome velho" in text
    assert "R$\N{NO-BREAK SPACE}1,00" in text
    history = signed_in(administrator).get(
        reverse("integration_history", args=[integration.pk]), {"codigo": "pf-basica"}
    )
    assert [line.change.change for line in history.context["lines"]] == ["changed", "came"]


def test_a_bureau_that_fails_changes_nothing(
    integration: Integration, administrator: User, sandbox: Sandbox
) -> None:
    Product.objects.filter(code="PF-BASICA").update(name="Nome velho")
    sandbox.add_faults({"path": "/v1/codigos/baixa", "kind": "status", "status": 500})
    before = CatalogueChange.objects.count()
    with pytest.raises(BureauError):
        catalogue_sync(integration=integration, actor=administrator)
    assert Product.objects.get(code="PF-BASICA").name == "Nome velho"
    assert CatalogueChange.objects.count() == before


def test_the_history_takes_no_nonsense(integration: Integration) -> None:
    row = CatalogueChange.objects.first()
    assert row is not None
    for name in ("kind", "change"):
        with pytest.raises(IntegrityError), transaction.atomic():
            CatalogueChange.objects.filter(pk=row.pk).update(**{name: "outro"})


# --- defaults that vanished -----------------------------------------------------------------------


def test_everything_ready(ready: Integration) -> None:
    assert automatic_obstacles(ready) == {}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"environment": "staging"}, "Homologação"),
        ({"linked_at": None}, "não está vinculada"),
        ({"automatic": False}, "está em Não"),
        ({"restriction_code": ""}, "Falta o Código de restrição"),
        (
            {"restriction_code": "CD", "company_restriction_code": ""},
            "Falta o Cód. Restrição Pessoa Jurídica",
        ),
        ({"removal_code": ""}, "Falta o Código para baixa"),
        ({"removal_code": "97"}, "não oferece mais o código 97"),
        ({"company_restriction_code": "CD"}, "não oferece mais o código CD"),
        ({"codes_synced_at": None}, "ainda não foram buscados"),
    ],
)
def test_what_stands_in_the_way_of_automatic_use(
    ready: Integration, change: dict[str, Any], sentence: str, administrator: User
) -> None:
    Integration.objects.update(**change)
    ready.refresh_from_db()
    [obstacle] = automatic_obstacles(ready).values()
    assert sentence in obstacle
    page = signed_in(administrator).get(reverse("integration_detail", args=[ready.pk]))
    assert obstacle in page.content.decode()


def test_companies_may_go_by_the_general_code(ready: Integration) -> None:
    Integration.objects.update(company_restriction_code="")
    ready.refresh_from_db()
    assert automatic_obstacles(ready) == {}


def test_a_default_that_vanished_is_flagged_blocks_and_returns(
    ready: Integration, administrator: User
) -> None:
    vanish(ready, "ZZ")
    catalogue_sync(integration=ready, actor=administrator)
    assert lost_codes(ready) == {"restriction_code": "ZZ"}
    [obstacle] = automatic_obstacles(ready).values()
    assert "não oferece mais o código ZZ" in obstacle
    client = signed_in(administrator)
    shown = client.get(reverse("integration_detail", args=[ready.pk])).content.decode()
    assert obstacle in shown
    assert "Atenção: o birô não oferece mais o código ZZ" in shown
    grid = client.get(reverse("integration_list"), {"problema": "sim"}).content.decode()
    assert "não oferece mais o código ZZ" in grid

    # "TI" was said to be gone, and the bureau lists it again.
    ReasonCode.objects.filter(code="TI").update(gone_at="2026-01-01T00:00Z")
    Integration.objects.update(restriction_code="TI")
    ready.refresh_from_db()
    assert lost_codes(ready) == {"restriction_code": "TI"}
    catalogue_sync(integration=ready, actor=administrator)
    assert lost_codes(ready) == {}
    assert automatic_obstacles(ready) == {}
    grid = client.get(reverse("integration_list"), {"problema": "sim"}).content.decode()
    assert "Nenhuma integração assim" in grid


# --- reasons --------------------------------------------------------------------------------------


def removal(integration: Integration, code: str) -> ReasonCode:
    return ReasonCode.objects.get(integration=integration, kind="removal", code=code)


def test_a_persons_mapping_survives_a_synchronisation(
    integration: Integration, administrator: User
) -> None:
    reasons = {"01": "renegotiated", "19": ""}
    assert reasons_map(integration=integration, actor=administrator, reasons=reasons) == 2
    ReasonCode.objects.filter(kind="removal", code="03").delete()
    catalogue_sync(integration=integration, actor=administrator)
    assert removal(integration, "01").reason == "renegotiated"
    assert removal(integration, "19").reason == "", "emptied on purpose"
    assert removal(integration, "03").reason == "wrongly_listed", "new codes are filled in"
    kept = CatalogueChange.objects.filter(change="mapped", code="01").get()
    assert (kept.before["reason"], kept.after["reason"]) == ("paid", "renegotiated")
    assert kept.actor == administrator


def test_who_may_map(
    integration: Integration, manager: User, operator: User, outsider: User
) -> None:
    for nobody in (manager, operator, outsider):
        with pytest.raises(NotAllowed):
            reasons_map(integration=integration, actor=nobody, reasons={"01": "fraud"})
    page = reverse("integration_reasons", args=[integration.pk])
    field = f"motivo-{removal(integration, '01').pk}"
    for reader in (manager, factories.user(Role.AUDIT)):
        client = signed_in(reader)
        shown = client.get(page)
        assert shown.status_code == 200
        assert "Salvar" not in shown.content.decode()
        assert client.post(page, {field: "fraud"}).status_code == 403
        assert client.get(reverse("integration_history", args=[integration.pk])).status_code == 200
    stranger = factories.user(Role.FINANCE_MANAGER, outsider.branches.get())
    for nobody in (operator, outsider, stranger):
        client = signed_in(nobody)
        assert client.get(page).status_code == 404
        assert client.post(page, {field: "fraud"}).status_code == 404
        assert client.get(reverse("integration_history", args=[integration.pk])).status_code == 404
    assert removal(integration, "01").reason == "paid"


def test_codes_that_only_the_bureau_uses_are_shown_and_not_mapped(
    integration: Integration, administrator: User
) -> None:
    page = reverse("integration_reasons", args=[integration.pk])
    client = signed_in(administrator)
    shown = client.get(page)
    own = removal(integration, "97")
    assert own.bureau_only
    assert f"motivo-{own.pk}" not in shown.content.decode()
    assert "Só o birô usa este código" in shown.content.decode()
    client.post(page, {f"motivo-{own.pk}": "paid"})
    assert reasons_map(integration=integration, actor=administrator, reasons={"97": "paid"}) == 0
    assert removal(integration, "97").reason == "five_years"


def test_mapped_on_the_screen(integration: Integration, administrator: User) -> None:
    page = reverse("integration_reasons", args=[integration.pk])
    client = signed_in(administrator)
    field = f"motivo-{removal(integration, '01').pk}"
    said = client.post(page, {field: "fraud"}, follow=True)
    assert "1 motivo gravado" in said.content.decode()
    assert removal(integration, "01").reason == "fraud"
    assert removal(integration, "19").reason == "renegotiated", "what was not sent stays"
    refused = client.post(page, {field: "lua"})
    assert refused.status_code == 200
    assert "Escolha um motivo da lista" in refused.content.decode()
    with pytest.raises(ValidationError):
        reasons_map(integration=integration, actor=administrator, reasons={"01": "lua"})
    assert removal(integration, "01").reason == "fraud"


def test_before_the_first_synchronisation(branch: Any, administrator: User) -> None:
    made = factories_integration(branch, administrator)
    client = signed_in(administrator)
    for name, said in (
        ("integration_reasons", "Nenhum código de baixa ainda"),
        ("integration_history", "Nada mudou ainda"),
        ("integration_detail", "Os códigos ainda não foram buscados no birô."),
    ):
        assert said in client.get(reverse(name, args=[made.pk])).content.decode()


def factories_integration(branch: Any, administrator: User) -> Integration:
    from regua.integrations.services import integration_create

    return integration_create(
        actor=administrator,
        branch=branch,
        provider="credito_na_medida",
        environment="production",
        base_url="https://biro.example",
        client_id="cliente",
        client_secret="segredo",
    )
