"""docs/seed.md: collecting from who does not pay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.dunning.models import DunningContact, DunningTask
from regua.organization.models import Branch
from tests import factories
from tests.seed.pages import Person

pytestmark = pytest.mark.django_db


def test_s75_who_is_due_is_called_and_what_came_of_it_is_kept(
    branch: Branch, operator: User
) -> None:
    customer = factories.customer(branch)
    factories.receivable(customer)
    DunningTask.objects.create(
        customer=customer, branch=branch, kind="phone", due_on=timezone.localdate()
    )
    page = Person(operator).open(reverse("dunning_worklist"))
    assert page.path == [
        "Sistema",
        "Cobrança",
        "Rotina de cobrança (CRM)",
        "Rotina de cobrança",
    ]
    contact = page.press("Pegar a próxima")
    assert contact.path[-1] == customer.name
    contact.typed["result"] = "call_back"
    contact.fill("Próximo contato em", f"{timezone.localdate() + timedelta(days=9):%d/%m/%Y}")
    contact.fill("Anotação", "Viaja até a outra semana.")
    kept = contact.press("Gravar e ir para a próxima")
    assert "volta à rotina" in kept.said
    [row] = kept.rows
    assert row["Último contato"].startswith("Pediu para falar depois")
    assert DunningContact.objects.get().note == "Viaja até a outra semana."
