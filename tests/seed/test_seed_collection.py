"""docs/seed.md: collecting from who does not pay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.dunning.defaults import default_policy_create
from regua.dunning.models import DunningContact, DunningRun, DunningTask
from regua.dunning.running import run_work
from regua.organization.models import Branch
from regua.restrictions.models import Restriction
from tests import factories
from tests.restrictions import bare
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


def test_s87_the_regua_lists_who_may_be_listed_and_says_why_not_the_others(
    branch: Branch, manager: User
) -> None:
    bare.integration(branch, automatic=True, codes_synced_at=timezone.now(), restriction_code="OO")
    policy = default_policy_create()
    policy.steps.exclude(action="list").delete()  # the debts are late: they would begin earlier
    debt = factories.receivable(factories.customer(branch), days_overdue=90)
    incomplete = factories.customer(branch, name="Dora Incompleta", birth_date=None)
    factories.receivable(incomplete, days_overdue=90)

    page = Person(manager).open(reverse("dunning_run_list"))
    assert page.path[-1] == "Execuções"
    page = page.press("Simular")
    run = DunningRun.objects.get()
    run_work(run.pk)
    address = reverse("dunning_run", args=[run.pk])
    page = Person(manager).open(address)
    assert "Falta preencher: Data de nascimento." in page.text
    page = page.press("Aprovar e executar").press("Executar 1 passo")
    run_work(run.pk)
    row = Restriction.objects.get()
    assert (row.receivable, row.form, row.restriction_code) == (debt, "automatic", "OO")
    assert "Concluída" in Person(manager).open(address).text
