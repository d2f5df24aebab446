"""*Registro de chamadas*: who may read it, how it is narrowed, what it never shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.inquiries.services import inquiries_drain, inquiry_request
from regua.integrations.models import BureauCall, Integration
from regua.integrations.selectors import automatic_obstacles
from regua.organization.models import Branch, GeneralParameters
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_what_was_asked_is_there_without_documents(
    integration: Integration, branch: Branch, manager: User, attendant: User
) -> None:
    document = factories.cpf_behaving("001")
    inquiry = inquiry_request(actor=attendant, branch=branch, document=document)
    inquiries_drain(integration.pk)
    page = signed_in(manager).get(reverse("integration_calls", args=[integration.pk]))
    text = page.content.decode()
    assert "/v1/consultas" in text
    assert reverse("inquiry_detail", args=[inquiry.pk]) in text
    assert attendant.name in text
    assert "Atualização de códigos" in text
    assert document not in text
    assert page.context["total"].number == BureauCall.objects.count()


def test_filters(integration: Integration, branch: Branch, manager: User, attendant: User) -> None:
    inquiry_request(actor=attendant, branch=branch, document=factories.cpf_behaving("010"))
    inquiries_drain(integration.pk)
    client = signed_in(manager)
    address = reverse("integration_calls", args=[integration.pk])

    def found(**filters: str) -> list[BureauCall]:
        return list(client.get(address, filters).context["page"])

    everything = found()
    refused = found(outcome="refused")
    assert {call.purpose for call in refused} == {"inquiry"}
    assert found(purpose="inquiry", outcome="refused") == refused
    assert {call.purpose for call in found(purpose="catalogue")} == {"catalogue"}
    assert found(outcome="pending") == []
    today = timezone.localdate()
    assert found(since=f"{today:%d/%m/%Y}") == everything
    assert found(until=f"{today - timedelta(days=1):%d/%m/%Y}") == []
    assert found(since="x", until="99", purpose="x", outcome="x", cursor="x") == everything


def test_who_may(integration: Integration, manager: User, operator: User, outsider: User) -> None:
    address = reverse("integration_calls", args=[integration.pk])
    assert signed_in(manager).get(address).status_code == 200
    for nobody in (operator, outsider):
        assert signed_in(nobody).get(address).status_code == 404


def test_the_general_switch_stands_in_the_way_of_what_is_automatic(
    integration: Integration, manager: User
) -> None:
    integration.automatic = True
    assert automatic_obstacles(integration) == []
    GeneralParameters.objects.create(pk=1, credit_analysis=False)
    assert automatic_obstacles(integration) == [
        "A análise de crédito está desligada nos Parâmetros gerais."
    ]
    page = signed_in(manager).get(reverse("integration_detail", args=[integration.pk]))
    assert "desligada nos Parâmetros gerais" in page.content.decode()
