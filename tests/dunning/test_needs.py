"""What the régua needs elsewhere: customers, groups, the branch's address, prices, a start."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.documents import generate
from regua.dunning.defaults import default_policy_create
from regua.dunning.models import (
    DunningPolicy,
)
from regua.dunning.policy_services import (
    dunning_policy_create,
    dunning_policy_update,
)
from regua.dunning.selectors import steps_of
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.parties.models import CustomerGroup
from tests import factories
from tests.cli.command import regua
from tests.dunning.pages import at, said, signed_in
from tests.processes.running import environment

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief(db: None) -> User:
    """A finance manager of all branches."""
    return factories.user(Role.FINANCE_MANAGER)


def test_a_customer_left_out_and_grouped(branch: Branch, operator: User) -> None:
    group = CustomerGroup.objects.create(name="Atacado")
    customer = factories.customer(branch, email="a@exemplo.test")
    client = signed_in(operator)
    edit = at("customer_edit", customer.pk)
    form = client.get(edit).context["form"]
    assert form["dunned"].value() is True
    sent = {name: form[name].value() or "" for name in form.fields}
    sent |= {"birth_date": "12/04/1985", "dunned": "False", "group": str(group.pk)}
    assert client.post(edit, sent).status_code == 302
    customer.refresh_from_db()
    assert (customer.dunned, customer.group) == (False, group)
    page = said(operator, at("customer_detail", customer.pk))
    assert "Considera na cobrança automatizada Não" in page
    assert "Grupo Atacado" in page


def test_groups(branch: Branch, chief: User, operator: User) -> None:
    client, here = signed_in(chief), at("customer_group_list")
    client.post(here, {"name": " Atacado "})
    group = CustomerGroup.objects.get(name="Atacado")
    for bad in ("", "Atacado", "x" * 61, "a\x00"):
        answer = client.post(here, {"name": bad})
        assert answer.status_code == 200
        assert "Nada foi gravado" in answer.content.decode()
    client.post(at("customer_group_edit", group.pk), {"name": "Varejo"})
    group.refresh_from_db()
    assert group.name == "Varejo"
    reader = signed_in(operator)
    assert reader.get(here).status_code == 200
    assert reader.post(here, {"name": "Meu"}).status_code == 403
    assert reader.post(at("customer_group_remove", group.pk)).status_code == 403
    customer = factories.customer(branch, group=group)
    remove = at("customer_group_remove", group.pk)
    assert "Há clientes nele" in client.post(remove, follow=True).content.decode()
    customer.group = None
    customer.save()
    policy = dunning_policy_create(actor=chief, name="Geral", group=group)
    assert (
        "Uma régua de cobrança vale para ele" in client.post(remove, follow=True).content.decode()
    )
    dunning_policy_update(policy=policy, actor=chief, group=None)
    assert "Grupo Varejo excluído." in client.post(remove, follow=True).content.decode()
    assert not CustomerGroup.objects.exists()


def test_the_branchs_address(other_branch: Branch, administrator: User, operator: User) -> None:
    client = signed_in(administrator)
    place = at("branch_place", other_branch.pk)
    assert "nenhuma mensagem de cobrança sai" in said(
        administrator, at("branch_detail", other_branch.pk)
    )
    sent = {
        "postal_code": "11010-000",
        "street": "Avenida Ana Costa",
        "number": "120",
        "district": "Gonzaga",
        "city": "Santos",
        "state": "SP",
    }
    for bad in ({"postal_code": "1"}, {"number": "12345678901"}, {"street": "a\x00"}):
        assert client.post(place, {**sent, **bad}).status_code == 200
        other_branch.refresh_from_db()
        assert other_branch.street == ""
    assert client.post(place, sent).status_code == 302
    other_branch.refresh_from_db()
    assert (other_branch.postal_code, other_branch.number) == ("11010000", "120")
    page = said(administrator, at("branch_detail", other_branch.pk))
    assert "Avenida Ana Costa, 120, Gonzaga, CEP 11010-000" in page
    assert signed_in(operator).post(place, sent).status_code in (403, 404)


def test_the_cost_of_listing_is_told_where_it_is_known(
    branch: Branch, automatic: Integration, chief: User
) -> None:
    debt = factories.receivable(factories.customer(branch))
    other = factories.receivable(debt.customer)
    wizard = at("restriction_create", debt.customer_id)
    two = f"{wizard}?titulo={debt.pk}&titulo={other.pk}&etapa=revisao"
    assert "R$ 4,90 por título" in said(chief, wizard)
    page = said(chief, two)
    assert "R$ 9,80 2 títulos a R$ 4,90" in page
    assert "custo R$ 9,80" in page
    Integration.objects.update(listing_price=None)
    assert "O birô não informa o preço" in said(chief, two)
    assert "por título" not in said(chief, wizard)


@pytest.mark.parametrize(
    ("price", "kept"),
    [("5,25", Decimal("5.25")), ("", None), ("-1", "refused"), ("1.000.000", "refused")],
)
def test_the_price_on_the_integrations_form(
    automatic: Integration, administrator: User, price: str, kept: Decimal | str | None
) -> None:
    automatic.seal("client_id", "cliente")
    automatic.seal("client_secret", "segredo")
    automatic.save()
    client = signed_in(administrator)
    form = at("integration_detail", automatic.pk)
    sent = {
        "environment": "production",
        "base_url": "https://biro.exemplo.test",
        "client_id": "cliente",
        "automatic": "sim",
        "restriction_code": "TI",
        "company_restriction_code": "NF",
        "removal_code": "01",
        "listing_price": price,
    }
    answer = client.post(form, sent)
    automatic.refresh_from_db()
    if kept == "refused":
        assert answer.status_code == 200
        assert automatic.listing_price == Decimal("4.90")
    else:
        assert answer.status_code == 302
        assert automatic.listing_price == kept


@pytest.mark.django_db(transaction=True)
def test_an_installation_begins_with_the_default_policy() -> None:
    answer = regua(
        "iniciar",
        *("--empresa", "Ipê", "--filial", "Sede", "--cnpj", generate.cnpj(Random(3)).value),
        *("--nome", "Alice", "--email", "alice@exemplo.test", "--senha", "uma-senha-bem-longa"),
        env=environment(),
    )
    assert answer.code == 0, answer.err
    made = DunningPolicy.objects.get()
    assert made.changes.get().actor is None
    assert len(steps_of(made)) == 5
    assert default_policy_create() == made
