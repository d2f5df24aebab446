"""Roles, branches, signing in."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from regua.accounts.access import NotAllowed, require, visible
from regua.accounts.models import User
from regua.accounts.permissions import ROLE_PERMISSIONS, Permission, Role
from regua.accounts.services import installation_start
from regua.organization.models import Branch, Company
from regua.parties.models import Customer
from tests import factories

pytestmark = pytest.mark.django_db
CHANGES = {
    Permission.EDIT_PARTIES,
    Permission.EDIT_POTENTIALS,
    Permission.RECORD_PAYMENT,
    Permission.REQUEST_INQUIRY,
    Permission.REQUEST_RESTRICTION,
    Permission.REQUEST_REMOVAL,
    Permission.MANAGE_INTEGRATIONS,
    Permission.SYNCHRONISE,
}


def test_every_role_has_its_permissions() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert not ROLE_PERMISSIONS[Role.AUDIT] & CHANGES, "an auditor only reads"
    assert ROLE_PERMISSIONS[Role.SERVICE] & CHANGES == {
        Permission.EDIT_POTENTIALS,
        Permission.REQUEST_INQUIRY,
    }
    assert ROLE_PERMISSIONS[Role.ADMINISTRATOR] == set(Permission)


def test_a_permission_counts_only_in_ones_branch(
    branch: Branch, operator: User, outsider: User
) -> None:
    require(operator, Permission.REQUEST_RESTRICTION, branch_id=branch.pk)
    with pytest.raises(NotAllowed, match="filial"):
        require(outsider, Permission.REQUEST_RESTRICTION, branch_id=branch.pk)
    with pytest.raises(NotAllowed, match=r"Cobrança.*alterar integrações"):
        require(operator, Permission.MANAGE_INTEGRATIONS)


def test_somebody_who_left_may_do_nothing(branch: Branch, operator: User) -> None:
    operator.is_active = False
    with pytest.raises(NotAllowed):
        require(operator, Permission.VIEW_PARTIES)
    assert not visible(
        Customer.objects.all(), actor=operator, permission=Permission.VIEW_PARTIES
    ).exists()


def test_seeing_follows_the_branches(
    branch: Branch, other_branch: Branch, operator: User, outsider: User, administrator: User
) -> None:
    here, there = factories.customer(branch), factories.customer(other_branch)

    def seen(actor: User) -> set[Customer]:
        return set(visible(Customer.objects.all(), actor=actor, permission=Permission.VIEW_PARTIES))

    assert seen(operator) == {here}
    assert seen(outsider) == {there}
    assert seen(administrator) == {here, there}


def test_one_person_per_email(operator: User) -> None:
    with pytest.raises(IntegrityError, match="user_email_once"), transaction.atomic():
        User.objects.create(email=operator.email.upper(), name="X", role=Role.AUDIT)


def test_sign_in_and_out(client: Client) -> None:
    factories.user(Role.AUDIT, email="dora@exemplo.test", password="uma-senha-longa")
    home = reverse("home")
    assert client.get(home).status_code == 302
    wrong = client.post(reverse("sign_in"), {"username": "dora@exemplo.test", "password": "errada"})
    assert "não conferem" in wrong.content.decode()
    right = client.post(
        reverse("sign_in"), {"username": "Dora@Exemplo.test", "password": "uma-senha-longa"}
    )
    assert (right.status_code, right["Location"]) == (302, home)
    assert client.get(home).status_code == 200
    client.post(reverse("sign_out"))
    assert client.get(home).status_code == 302


def test_a_polling_page_whose_session_ended_reloads_itself(client: Client) -> None:
    answer = client.get(reverse("home"), headers={"HX-Request": "true"}, follow=True)
    assert (answer.status_code, answer["HX-Refresh"]) == (204, "true")
    assert not answer.content


def test_guessing_is_stopped(client: Client) -> None:
    factories.user(Role.AUDIT, email="dora@exemplo.test", password="uma-senha-longa")
    for _ in range(8):
        last = client.post(
            reverse("sign_in"), {"username": "dora@exemplo.test", "password": "errada"}
        )
    assert "bloqueada" in last.content.decode()
    again = client.post(
        reverse("sign_in"), {"username": "dora@exemplo.test", "password": "uma-senha-longa"}
    )
    assert again.status_code == 429


def test_the_chosen_branch_narrows_the_home_page(
    client: Client, branch: Branch, other_branch: Branch, administrator: User, operator: User
) -> None:
    client.force_login(administrator)
    page = client.post(reverse("branch_switch"), {"branch": branch.pk}, follow=True)
    assert page.context["request"].branch == branch
    client.force_login(operator)
    page = client.post(reverse("branch_switch"), {"branch": other_branch.pk}, follow=True)
    assert not page.context["request"].branch, "a branch that one does not see is no choice"


def test_going_back_never_leaves_the_site(client: Client, operator: User) -> None:
    client.force_login(operator)
    answer = client.post(reverse("branch_switch"), {"next": "https://mau.example/"})
    assert answer["Location"] == reverse("home")


def test_an_installation_starts_once() -> None:
    fields = {
        "company": "Ipê",
        "branch": "Centro",
        "document": "12.ABC.345/01DE-35",
        "name": "Alice",
        "email": "alice@exemplo.test",
        "password": "uma-senha-bem-longa",
    }
    with pytest.raises(ValidationError) as caught:
        installation_start(
            **{**fields, "document": "12ABC34501DE00", "email": "alice", "password": "123"}
        )
    assert set(caught.value.message_dict) == {"document", "email", "password"}
    assert not Company.objects.exists()
    administrator = installation_start(**fields)
    assert administrator.can(Permission.MANAGE_INTEGRATIONS)
    assert Branch.objects.get().document == "12ABC34501DE35"
    with pytest.raises(ValidationError, match="já foi iniciada"):
        installation_start(**fields)
