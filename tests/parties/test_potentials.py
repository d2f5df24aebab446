"""Leads and prospects: written, shown, converted once, their history carried along."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from regua.accounts.access import NotAllowed
from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.inquiries.selectors import inquiries_of
from regua.organization.models import Branch
from regua.parties.models import Customer, DocumentReveal, Lead, Prospect
from regua.parties.services import (
    lead_convert,
    potential_create,
    potential_update,
    prospect_convert,
)
from tests import factories

KINDS: list[tuple[str, type[Any]]] = [("lead", Lead), ("prospect", Prospect)]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_written_and_changed_on_screen(
    name: str, kind: type[Any], branch: Branch, attendant: User
) -> None:
    client = signed_in(attendant)
    document = factories.ordinary_document()
    typed = {"name": "Rosa Exemplo", "document": document, "mobile": "(11) 98765-4321"}
    answer = client.post(reverse(f"{name}_new"), typed)
    party = kind.objects.get()
    assert answer.headers["Location"] == reverse(f"{name}_detail", args=[party.pk])
    assert (party.branch, party.document, party.mobile) == (branch, document, "11987654321")

    page = client.get(answer.headers["Location"]).content.decode()
    assert document not in page
    for label in ("Consultar análise de crédito", "Converter em", "Editar"):
        assert label in page

    edit = reverse(f"{name}_edit", args=[party.pk])
    client.post(edit, {"name": "Rosa Exemplo Lima", "document": ""})
    party.refresh_from_db()
    assert (party.name, party.document, party.mobile) == ("Rosa Exemplo Lima", "", "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("document", "123"),
        ("birth_date", "31/02/2000"),
        ("mobile", "9"),
        ("birth_date", "01/01/2900"),
        ("email", "x"),
        ("postal_code", "1"),
        ("name", "x" * 500),
    ],
)
@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_bad_input_writes_nothing(
    name: str, kind: type[Any], field: str, value: str, branch: Branch, attendant: User
) -> None:
    answer = signed_in(attendant).post(
        reverse(f"{name}_new"), {"name": "Rosa Exemplo", field: value}
    )
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert not kind.objects.exists()


def test_the_branch_is_asked_for_where_it_is_in_doubt(
    branch: Branch, other_branch: Branch, administrator: User
) -> None:
    client = signed_in(administrator)
    answer = client.post(reverse("lead_new"), {"name": "Rosa"})
    assert "branch" in answer.context["form"].errors
    client.post(reverse("lead_new"), {"name": "Rosa", "branch": other_branch.pk})
    assert Lead.objects.get().branch == other_branch


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_who_may(
    name: str, kind: type[Any], branch: Branch, attendant: User, outsider: User
) -> None:
    party = getattr(factories, name)(branch, document=factories.ordinary_document())
    auditor = factories.user(Role.AUDIT, branch)
    with pytest.raises(NotAllowed):
        potential_update(party=party, actor=auditor, name="Outro")
    with pytest.raises(NotAllowed):
        potential_update(party=party, actor=outsider, name="Outro")
    with pytest.raises(NotAllowed):
        potential_create(kind=kind, branch=branch, actor=outsider, name="Outro")
    for page in ("detail", "edit", "convert", "inquiries"):
        address = reverse(f"{name}_{page}", args=[party.pk])
        assert signed_in(outsider).get(address).status_code == 404, page
        expected = 403 if page in ("edit", "convert") else 200
        assert signed_in(auditor).get(address).status_code == expected, page
    reveal = reverse(f"{name}_reveal", args=[party.pk])
    assert signed_in(outsider).post(reveal).status_code == 404
    assert signed_in(attendant).post(reveal).status_code == 403
    collector = factories.user(Role.COLLECTIONS, branch)
    shown = signed_in(collector).post(reveal).content.decode()
    assert party.document[:3] in shown
    assert DocumentReveal.objects.get().subject == f"{name}:{party.pk}"


def test_a_lead_becomes_a_customer_with_its_history(branch: Branch, attendant: User) -> None:
    client = signed_in(attendant)
    document = factories.ordinary_document()
    lead = factories.lead(branch, name="Rosa Exemplo", mobile="11987654321")
    of_the_spouse = factories.answered(
        branch, attendant, integration=factories.integration(branch), lead=lead
    )
    client.post(reverse("lead_convert", args=[lead.pk]))
    prospect = Prospect.objects.get()
    assert (prospect.name, prospect.mobile) == ("Rosa Exemplo", "11987654321")

    refusal = client.post(reverse("prospect_convert", args=[prospect.pk]), follow=True)
    assert "falta o CPF ou CNPJ" in refusal.content.decode()
    assert not Customer.objects.exists()

    potential_update(party=prospect, actor=attendant, document=document)
    loose = factories.answered(
        branch, attendant, integration=of_the_spouse.integration, document=document
    )
    elsewhere = factories.branch("Serra")
    factories.answered(
        elsewhere,
        attendant,
        integration=factories.integration(elsewhere),
        document=document,
    )
    client.post(reverse("prospect_convert", args=[prospect.pk]))
    customer = Customer.objects.get()
    assert (customer.document, customer.branch) == (document, branch)
    assert set(inquiries_of(customer, actor=attendant)) == {of_the_spouse, loose}
    prospect.refresh_from_db()
    assert set(inquiries_of(prospect, actor=attendant)) == {of_the_spouse, loose}

    tab = client.get(reverse("customer_inquiries", args=[customer.pk]))
    assert len(tab.context["page"]) == 2
    assert "Veio da prospecção" in tab.content.decode()
    old = client.get(reverse("lead_detail", args=[lead.pk])).content.decode()
    assert "Convertido em prospecção" in old
    assert reverse("prospect_detail", args=[prospect.pk]) in old
    assert "Converter em" not in old
    with pytest.raises(ValidationError, match="já foi convertido"):
        potential_update(party=lead, actor=attendant, name="Outra")


def test_a_prospect_who_is_a_customer_already_is_joined_to_it(
    branch: Branch, other_branch: Branch, attendant: User
) -> None:
    document = factories.ordinary_document()
    factories.customer(other_branch, document=document)
    ours = factories.customer(branch, document=document, name="Cadastro Antigo")
    prospect = factories.prospect(branch, document=document)
    asked = signed_in(attendant).get(reverse("prospect_convert", args=[prospect.pk]))
    assert "Cadastro Antigo" in asked.content.decode()
    assert prospect_convert(prospect=prospect, actor=attendant) == ours
    ours.refresh_from_db()
    assert ours.name == "Cadastro Antigo"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("name", "convert", "into"),
    [
        ("lead", lambda party, actor: lead_convert(lead=party, actor=actor), Prospect),
        ("prospect", lambda party, actor: prospect_convert(prospect=party, actor=actor), Customer),
    ],
)
def test_two_people_at_once_convert_once(
    name: str, convert: Any, into: type[Any], branch: Branch, attendant: User
) -> None:
    party = getattr(factories, name)(branch, document=factories.ordinary_document())
    start = Barrier(4)

    def attempt(_: int) -> int:
        start.wait()
        try:
            return int(convert(party, attendant).pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        became = set(pool.map(attempt, range(4)))
    assert became == {into.objects.get().pk}


def test_the_list_shows_what_is_open_first(branch: Branch, attendant: User) -> None:
    client = signed_in(attendant)
    open_, converted = factories.lead(branch, name="Aberta"), factories.lead(branch, name="Feita")
    lead_convert(lead=converted, actor=attendant)

    def found(**query: str) -> set[int]:
        return {lead.pk for lead in client.get(reverse("lead_list"), query).context["page"]}

    assert found() == {open_.pk}
    assert found(situacao="convertidos") == {converted.pk}
    assert found(situacao="todos") == {open_.pk, converted.pk}
    assert found(situacao="todos", q="feit") == {converted.pk}
    assert found(situacao="x", cursor="x") == {open_.pk}
    assert timezone.now() - Lead.objects.get(pk=converted.pk).converted_at < timedelta(minutes=5)
