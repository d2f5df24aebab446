"""The home page: what needs attention, and that its links show just that."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from regua.accounts.models import User
from regua.organization.models import Branch
from regua.restrictions.choices import Status
from tests import factories
from tests.restrictions import bare

pytestmark = pytest.mark.django_db


def listed(branch: Branch, name: str, status: Status) -> None:
    bare.listing(factories.receivable(factories.customer(branch, name=name)), status)


def test_the_refused_are_counted_and_the_link_shows_them(
    client: Client, branch: Branch, operator: User
) -> None:
    bare.integration(branch)
    listed(branch, "Recusada Exemplo", Status.REFUSED)
    listed(branch, "Ativa Exemplo", Status.ACTIVE)
    client.force_login(operator)
    page = client.get(reverse("home")).content.decode()
    assert "Recusadas pelo birô" in page
    [link] = set(re.findall(r'href="([^"]*=refused)"', page))
    shown = client.get(link).content.decode()
    assert "Recusada Exemplo" in shown
    assert "Ativa Exemplo" not in shown


def test_what_others_asked_for_is_there_for_who_may_approve_it(
    client: Client, branch: Branch, operator: User, manager: User
) -> None:
    bare.integration(branch)
    debts = [factories.receivable(factories.customer(branch)) for _ in range(2)]
    for debt, asker in zip(debts, (operator, manager), strict=True):
        bare.listing(debt, Status.DRAFT, actor=asker, protocol="", approval_reason="Valor alto.")
    for actor, told in ((operator, 0), (manager, 1)):
        client.force_login(actor)
        page = client.get(reverse("home")).content.decode()
        stat = re.search(r"Aguardando aprovação</div>.*?<a[^>]*aprovar[^>]*>(\d+)</a>", page, re.S)
        assert (int(stat[1]) if stat else 0) == told


def test_what_a_person_may_not_see_is_not_on_it(
    client: Client, branch: Branch, attendant: User, outsider: User
) -> None:
    bare.integration(branch)
    listed(branch, "Ativa Exemplo", Status.ACTIVE)
    for actor in (attendant, outsider):
        client.force_login(actor)
        page = client.get(reverse("home")).content.decode()
        assert "Ativa Exemplo" not in page
    client.force_login(attendant)
    assert "Negativações em curso" not in client.get(reverse("home")).content.decode()


def test_it_costs_the_same_for_one_and_for_many(
    client: Client, branch: Branch, operator: User
) -> None:
    bare.integration(branch)
    listed(branch, "Ativa Exemplo", Status.ACTIVE)
    client.force_login(operator)
    client.get(reverse("home"))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("home"))
    for _ in range(8):
        listed(branch, "Mais uma", Status.ACTIVE)
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("home"))
    assert len(many) == len(few)
