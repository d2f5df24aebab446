"""The pages of branches."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from regua.accounts.models import User
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.web import formats

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_branch_and_its_cnpj(branch: Branch, administrator: User, client: Client) -> None:
    client.force_login(administrator)
    assert branch.name in client.get(reverse("branch_list")).content.decode()
    shown = client.get(reverse("branch_detail", args=[branch.pk])).content.decode()
    assert formats.document(branch.document) in shown
    empty = client.get(reverse("branch_integrations", args=[branch.pk])).content.decode()
    assert "ainda não tem integração cadastrada" in empty


def test_only_its_own_integration_can_be_linked(
    integration: Integration, other_branch: Branch, administrator: User, client: Client
) -> None:
    client.force_login(administrator)
    foreign = reverse("branch_integrations", args=[other_branch.pk])
    assert client.post(foreign, {"integration": str(integration.pk)}).status_code == 200
    own = reverse("branch_integrations", args=[integration.branch_id])
    answer = client.post(own, {"integration": "999"})
    assert "não é desta filial" in answer.content.decode()
    integration.refresh_from_db()
    assert integration.linked_at


def test_a_person_without_access_is_told(operator: User, client: Client) -> None:
    client.force_login(operator)
    assert client.get(reverse("branch_list")).status_code == 403
