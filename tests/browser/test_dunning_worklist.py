"""*Rotina de cobrança* as an operator works through it."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone
from playwright.sync_api import expect

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.dunning.models import DunningContact, DunningTask
from regua.organization.models import Branch
from regua.parties.models import Customer
from regua.receivables.models import Impediment
from regua.web import formats
from tests import factories
from tests.browser.conftest import Visitor


def owing(branch: Branch, name: str, *, days_ago: int, to: User | None = None) -> Customer:
    customer = factories.customer(branch, name=name)
    factories.receivable(customer, days_overdue=40 + days_ago, amount=Decimal("149.90"))
    DunningTask.objects.create(
        customer=customer,
        branch=branch,
        kind="phone",
        due_on=timezone.localdate() - timedelta(days=days_ago),
        assigned_to=to,
    )
    return customer


def test_the_day_of_an_operator(branch: Branch, analyst: User, visitor: Visitor) -> None:
    ana = owing(branch, "Ana Prometeu", days_ago=4, to=analyst)
    owing(branch, "Bruno Contesta", days_ago=3)
    owing(branch, "Carla Errada", days_ago=2)
    owing(branch, "Davi de Outro", days_ago=9, to=factories.user(Role.COLLECTIONS, branch))
    today = timezone.localdate()
    until = today + timedelta(days=5)
    page = visitor.page
    visitor.sign_in(analyst.email)

    # My own, and what waits for nobody in particular; the left bar counts both.
    visitor.go("/cobranca/rotina/")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("149,90")
    expect(page.locator("#menu .side-link[aria-current] .side-count")).to_contain_text("3")
    visitor.shoot("rotina-01-minhas")
    page.get_by_role("link", name=re.compile("^Todas")).last.click()
    expect(page.locator("tbody tr")).to_have_count(4)
    visitor.shoot("rotina-02-todas")

    # The list is walked and opened by keyboard.
    page.get_by_role("link", name=re.compile("^Minhas")).click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.wait_for_load_state()
    page.keyboard.press("ArrowDown")
    expect(page.locator("a[data-arrow]").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ana Prometeu")).to_be_visible()
    expect(page.locator('a[href="tel:+5511987654321"]')).to_be_visible()
    expect(page.locator('a[href="https://wa.me/5511987654321"]')).to_be_visible()

    # Only the fields that the result needs are asked for.
    amount, when = page.get_by_label("Quanto"), page.get_by_label("Vai pagar até")
    expect(amount).to_be_hidden()
    page.locator("body").press("1")
    expect(page.get_by_role("radio", name="Prometeu pagar")).to_be_checked()
    expect(amount).to_be_visible()
    expect(page.get_by_label("Próximo contato em")).to_be_hidden()
    page.get_by_role("button", name="Gravar e ir para a próxima").click()
    expect(page.locator("[data-error-summary]")).to_contain_text("Diga para quando é a promessa.")
    assert not DunningContact.objects.exists()
    when.fill(formats.day(until))
    amount.fill("100,00")
    page.get_by_label("Anotação").fill("Recebe na sexta.")
    visitor.shoot("rotina-03-promessa")
    page.get_by_role("button", name="Gravar e ir para a próxima").click()

    # The next one is the most urgent that nobody has; here a contest of the debt.
    expect(page.get_by_role("heading", name="Bruno Contesta")).to_be_visible()
    promise = DunningContact.objects.get(customer=ana)
    assert (promise.promised_on, promise.promised_amount) == (until, Decimal("100.00"))
    assert DunningTask.objects.get(customer=ana, done_at=None).due_on == until + timedelta(days=1)
    page.locator("label", has_text="Contesta a dívida").click()
    page.get_by_label("Título contestado").select_option(index=1)
    page.get_by_label("Anotação").fill("Diz que cancelou em março.")
    visitor.shoot("rotina-04-contesta")
    page.get_by_role("button", name="Gravar e ir para a próxima").click()
    expect(page.get_by_role("heading", name="Carla Errada")).to_be_visible()
    assert Impediment.objects.get().text == "Diz que cancelou em março."

    # The wrong number becomes the right one, and she is called by it at once.
    page.locator("label", has_text="Número errado").click()
    page.get_by_label("Número certo").fill("11912345678")
    page.get_by_role("button", name="Gravar", exact=True).click()
    expect(page.locator(".story")).to_contain_text("Número errado")
    expect(page.locator("#rotina")).to_contain_text(formats.day(today))
    visitor.shoot("rotina-05-cliente")
    page.get_by_role("link", name="Registrar contato").click()
    expect(page.locator('a[href="tel:+5511912345678"]')).to_be_visible()
    page.locator("label", has_text="Não atendeu").click()
    page.get_by_role("button", name="Gravar e ir para a próxima").click()
    expect(page.locator("body")).to_contain_text("Era o último de hoje")

    # The promise is taken back on the customer's page, and the customer is due today.
    visitor.go(f"/clientes/{ana.pk}/cobranca/")
    page.get_by_role("button", name="Desfazer").click()
    visitor.shoot("rotina-06-desfazer")
    page.locator("dialog .confirm-yes").click()
    expect(page.locator("#promessas")).to_contain_text("Não vale mais")
    assert DunningTask.objects.get(customer=ana, done_at=None).due_on == today

    visitor.go("/cobranca/rotina/resultados/")
    line = page.locator("#contatos tbody tr")
    expect(line).to_contain_text("Célia")
    expect(line.locator("td").last).to_have_text("4")
    visitor.shoot("rotina-07-resultados")
