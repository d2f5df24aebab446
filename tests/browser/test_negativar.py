"""*Negativar* with several debts: what cannot be listed and why, mending it, sending, approval."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone
from playwright.sync_api import expect

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.integrations.models import Integration
from regua.organization.models import Branch, GeneralParameters
from regua.parties.models import Customer
from regua.receivables.models import Receivable
from regua.restrictions.choices import Status
from regua.restrictions.models import Restriction
from regua.restrictions.services import restriction_request
from tests import factories
from tests.browser.conftest import PASSWORD, Visitor
from tests.sandbox.server import Sandbox

PROOF = {"name": "contrato.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"}


def test_several_debts_from_the_choice_to_the_bureau(
    integration: Integration, branch: Branch, analyst: User, sandbox: Sandbox, visitor: Visitor
) -> None:
    GeneralParameters.objects.update_or_create(
        pk=1, defaults={"amount_updated": True, "require_debt_document": True}
    )
    customer = factories.customer(branch, name="Rita Exemplo Prado", complement="")
    first = factories.receivable(customer, days_overdue=90, amount=Decimal("149.90"))
    second = factories.receivable(
        customer, days_overdue=60, amount=Decimal("100.00"), contract=first.contract
    )
    listed, disputed, _ = (factories.receivable(customer, days_overdue=d) for d in (80, 70, 2))
    listed_already(customer, listed, analyst)
    Receivable.objects.filter(pk=disputed.pk).update(disputed=True)

    page, body = visitor.page, visitor.page.locator("main")
    visitor.sign_in(analyst.email)
    visitor.go(f"/clientes/{customer.pk}/negativar/")

    # 1. Each debt says why it cannot be listed; none of them can be chosen yet.
    expect(body).to_contain_text(re.compile(r"Já tem a negativação nº \d+"))
    expect(body).to_contain_text("O cliente contesta este título")
    opens = timezone.localdate() + timedelta(days=3)
    expect(body).to_contain_text(f"Aguarde. A partir de {opens:%d/%m/%Y}.")
    expect(body).to_contain_text("Junte o contrato ou a nota que prova a dívida")
    expect(page.get_by_role("checkbox", name=re.compile("Escolher"))).to_have_count(0)
    visitor.shoot("40-negativar-motivos")

    # Evidence that is missing is attached from the rule that asks for it: once for the contract.
    visitor.go(f"/clientes/{customer.pk}/negativar/?titulo={first.pk}&etapa=verificacao")
    expect(body).to_contain_text("Esta dívida não pode ser negativada agora")
    expect(page.locator(".rule-missing")).to_have_count(1)
    visitor.shoot("41-negativar-falta-prova")
    page.get_by_role("link", name="Juntar o documento da dívida").click()
    page.get_by_label("De que é").select_option(label=f"Contrato {first.contract.number}")
    attach(visitor)
    expect(page.get_by_label("Complemento")).to_be_visible()  # back, and one thing is missing

    # By keyboard: all that can, and on.
    visitor.go(f"/clientes/{customer.pk}/negativar/")
    everything = page.get_by_label("Marcar todas as que podem")
    everything.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name=re.compile("Escolher"))).to_have_count(2)
    expect(page.locator("[data-rows-bar] [data-rows-count]")).to_have_text("2")
    visitor.shoot("42-negativar-escolha")
    page.get_by_role("button", name="Continuar").focus()
    page.keyboard.press("Enter")

    # 2. What is missing is filled in here and saved in the customer's record.
    page.get_by_label("Complemento").fill("Casa")
    visitor.shoot("43-negativar-dados")
    page.get_by_role("button", name="Salvar e continuar").click()

    # 3. and 4. The law, and the amount item by item.
    expect(page.get_by_role("heading", name="A lei permite negativar")).to_be_visible()
    customer.refresh_from_db()
    assert customer.complement == "Casa"
    visitor.shoot("44-negativar-lei")
    page.get_by_role("link", name="Continuar").click()
    summary = page.get_by_label("Resumo")
    expect(summary).to_contain_text("2 títulos")
    expect(summary).to_contain_text(f"{timezone.localdate() + timedelta(days=10):%d/%m/%Y}")
    for item in ("3,00", "4,50", "2,00"):  # 2 % and 1 % a month of 149.90 and 100.00
        expect(body).to_contain_text(item)
    visitor.shoot("45-negativar-revisao")

    # One of them is contested meanwhile: it is named, and nothing leaves.
    Receivable.objects.filter(pk=second.pk).update(disputed=True)
    page.get_by_role("button", name="Negativar", exact=True).click()
    expect(body).to_contain_text("1 de 2 dívidas não pode ser negativada agora")
    expect(page.locator("body")).to_contain_text(f"Título {second.number}: O cliente contesta")
    assert Restriction.objects.count() == 1
    visitor.shoot("46-negativar-uma-ficou")
    Receivable.objects.filter(pk=second.pk).update(disputed=False)
    page.reload()
    page.get_by_role("link", name="Continuar").click()
    page.get_by_role("button", name="Negativar", exact=True).dblclick()

    # The tab shows both at once, from the moment they are asked for.
    rows = page.locator("#em-curso tbody tr")
    expect(rows).to_have_count(3)
    visitor.shoot("47-negativacoes-do-cliente")
    new = Restriction.objects.exclude(receivable=listed)
    assert {row.receivable for row in new} == {first, second}
    assert {row.amount for row in new} == {Decimal("157.40"), Decimal("104.00")}

    # Off again, both in one go, once the bureau has them.
    for row in new:
        visitor.go(f"/negativacoes/{row.pk}/")
        expect(page.locator("#restriction-badge")).to_have_text(re.compile("Ativa"))
    visitor.go(f"/clientes/{customer.pk}/negativacoes/")
    for row in new:
        page.get_by_label(f"Marcar a negativação nº {row.pk}").check()
    page.get_by_label("Motivo da baixa").select_option("renegotiated")
    page.locator("[data-rows-bar]").get_by_role("button", name="Pedir baixa").click()
    expect(body).to_contain_text("Pedir a baixa de 2 negativações?")
    visitor.shoot("48-baixa-em-lote")
    page.get_by_role("button", name="Pedir a baixa de 2 negativações").click()
    expect(page.locator("body")).to_contain_text("Baixa pedida para 2 negativações.")
    for row in new:
        visitor.go(f"/negativacoes/{row.pk}/")
        expect(page.locator("#restriction-badge")).to_have_text(re.compile("Baixada"))


def test_a_large_one_waits_for_another_person(
    integration: Integration, branch: Branch, analyst: User, sandbox: Sandbox, visitor: Visitor
) -> None:
    GeneralParameters.objects.update_or_create(
        pk=1, defaults={"approval_amount": Decimal("500.00")}
    )
    boss = factories.user(Role.FINANCE_MANAGER, branch, name="Berta", password=PASSWORD)
    debt = factories.receivable(
        factories.customer(branch, name="Caio Exemplo Reis"), amount=Decimal("900.00")
    )
    page = visitor.page
    visitor.sign_in(analyst.email)
    visitor.go(f"/clientes/{debt.customer_id}/negativar/?titulo={debt.pk}&etapa=revisao")
    expect(page.locator("main")).to_contain_text("Outra pessoa precisa aprovar")
    visitor.shoot("50-negativar-pede-aprovacao")
    page.get_by_role("button", name="Pedir aprovação").click()
    expect(page.locator("#restriction-standing")).to_contain_text("Berta.")
    expect(page.get_by_role("button", name="Aprovar")).to_have_count(0)
    visitor.shoot("51-espera-aprovacao")
    row = Restriction.objects.get()
    assert (row.status, sandbox.ledger()) == (Status.DRAFT, [])

    page.context.clear_cookies()
    visitor.sign_in(boss.email)
    visitor.go("/negativacoes/aprovar/")
    page.get_by_role("checkbox", name=re.compile("Caio Exemplo Reis")).check()
    visitor.shoot("52-aguardando-aprovacao")
    page.get_by_role("button", name="Aprovar", exact=True).click()
    expect(page.get_by_role("heading", name="Aprovar 1 negativação?")).to_be_visible()
    visitor.shoot("53-aprovar")
    page.get_by_role("button", name="Aprovar 1 negativação").dblclick()
    expect(page.locator("main")).to_contain_text("Nada espera aprovação")
    visitor.go(f"/negativacoes/{row.pk}/")
    expect(page.locator("#restriction-badge")).to_have_text(re.compile("Ativa"))
    page.get_by_text("Por que pôde ser negativada").click()
    expect(page.locator(".gate")).to_contain_text("Súmula STJ 323")
    expect(page.locator("#restriction-facts")).to_contain_text("Berta")
    visitor.shoot("54-aprovada")
    assert len(sandbox.ledger()) == 1


def listed_already(customer: Customer, debt: Receivable, actor: User) -> None:
    """One listing that is there before, asked for when nothing was missing yet."""
    GeneralParameters.objects.update(require_debt_document=False)
    Customer.objects.filter(pk=customer.pk).update(complement="Casa")
    row = restriction_request(receivable=debt, actor=actor)
    deadline = time.monotonic() + 20
    while Restriction.objects.get(pk=row.pk).status == Status.QUEUED:  # asked again as it leaves
        assert time.monotonic() < deadline
        time.sleep(0.1)
    Customer.objects.filter(pk=customer.pk).update(complement="")
    GeneralParameters.objects.update(require_debt_document=True)


def attach(visitor: Visitor) -> None:
    """Attach the proof that the form asks for, for the whole contract."""
    page = visitor.page
    page.locator("input[type=file]").set_input_files(files=[PROOF])  # type: ignore[list-item]
    page.get_by_role("button", name="Juntar documento").click()
