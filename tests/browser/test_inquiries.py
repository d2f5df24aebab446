"""From the question to the decision: what is paid once, arrives by itself, and follows a person."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from regua.accounts.models import User
from regua.accounts.permissions import Role
from regua.inquiries.choices import AccessKind
from regua.inquiries.models import Inquiry, InquiryAccess
from regua.inquiries.policy.services import policy_activate, policy_draft, rule_save
from regua.integrations.models import Integration
from regua.integrations.parameters import parameters_update
from regua.organization.models import Branch
from regua.parties.models import Customer
from regua.web import formats
from tests import factories
from tests.browser.conftest import PASSWORD, Visitor
from tests.sandbox.server import Sandbox

SLOW = factories.cpf_behaving("004")
"""The bureau answers 202 about this person, and has the report later."""
CONDITIONS = "Aprovar com adesão antecipada"
ASK = re.compile(r"^Consultar · R\$")


@pytest.fixture(autouse=True)
def rules(integration: Integration, branch: Branch, administrator: User) -> None:
    """An interval of 30 days, and a policy that asks everybody for an advance."""
    parameters_update(actor=administrator, inquiry_interval_days=30)
    draft = policy_draft(branch=branch, actor=administrator)
    for rule in list(draft.rules.all()):
        rule.delete()
    rule_save(
        policy=draft,
        actor=administrator,
        outcome="conditions",
        advance_payment=True,
        reason="Primeira contratação.",
    )
    policy_activate(policy=draft, actor=administrator)


@pytest.fixture
def bea(branch: Branch) -> User:
    return factories.user(
        Role.SERVICE, branch, name="Bea", email="bea@exemplo.test", password=PASSWORD
    )


@pytest.fixture
def gil(branch: Branch) -> User:
    return factories.user(
        Role.FINANCE_MANAGER, branch, name="Gil", email="gil@exemplo.test", password=PASSWORD
    )


def verdict(page: Page) -> Locator:
    """What stands first in the answer."""
    return page.locator("#inquiry").get_by_role("heading").first


def expect_pdf(page: Page, link: Locator) -> None:
    address = link.get_attribute("href")
    assert address
    answer = page.request.get(re.sub(r"^(?=/)", page.url.split("/consultas")[0], address))
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF-")
    assert answer.body().rstrip().endswith(b"%%EOF")


def test_the_answer_arrives_by_itself_and_is_paid_once(
    bea: User, sandbox: Sandbox, visitor: Visitor
) -> None:
    page = visitor.page
    slow = {"kind": "latency", "seconds": 1.5, "path": "/v1/consultas"}
    sandbox.add_faults(slow)
    visitor.sign_in(bea.email)
    visitor.go("/consultas/")
    page.get_by_label("CPF ou CNPJ").first.fill(SLOW)
    page.get_by_label("Consulta de pessoa física com score").check()
    ask = page.get_by_role("button", name="Consultar · R$ 7,50")
    expect(ask).to_be_visible()
    visitor.shoot("40-central")
    ask.click()

    # It waits without being reloaded, and the decision comes first.
    expect(page.get_by_role("heading", name="Perguntando ao birô…")).to_be_visible()
    visitor.shoot("41-perguntando")
    page.evaluate("window.sinceTheQuestion = true")
    expect(verdict(page)).to_have_text(CONDITIONS)
    assert page.evaluate("window.sinceTheQuestion") is True, "the page was loaded again"
    assert sandbox.calls()["GET /v1/consultas/{protocolo}"] >= 1, "the bureau did not answer 202"
    inquiry = Inquiry.objects.get()
    result = page.locator("#inquiry")
    expect(result).to_contain_text("Primeira contratação.")
    expect(result).to_contain_text(f"{inquiry.score}")
    expect(page.locator("body")).not_to_contain_text(SLOW)
    expect(page.get_by_role("link", name="Mudar decisão")).to_have_count(0)
    visitor.shoot("42-resposta")

    # Both PDFs open.
    expect_pdf(page, page.get_by_role("link", name="Baixar PDF"))
    expect_pdf(page, page.get_by_role("link", name="PDF do birô"))

    # The same question again is offered the answer that there is, and nothing else.
    visitor.go("/consultas/")
    page.get_by_label("CPF ou CNPJ").first.fill(SLOW)
    offer = page.get_by_role("region", name=re.compile("Há uma consulta de"))
    expect(offer).to_contain_text("feita por Bea")
    expect(offer).to_contain_text("economizados se usar esta")
    expect(page.get_by_role("button", name=re.compile("Consultar (mesmo assim )?·"))).to_have_count(
        0
    )
    visitor.shoot("43-dentro-do-intervalo")
    offer.get_by_role("button", name="Usar esta consulta").click()
    expect(page.get_by_text("Nada foi consultado nem cobrado")).to_be_visible()
    expect(verdict(page)).to_have_text(CONDITIONS)
    assert page.url.endswith(reverse("inquiry_detail", args=[inquiry.pk]))
    assert Inquiry.objects.count() == len(sandbox.charges()) == 1
    access = InquiryAccess.objects.get()
    assert (access.actor, access.kind) == (bea, AccessKind.REUSED)


@pytest.mark.parametrize("viewport", ["desktop"])
def test_the_manager_asks_again_decides_and_reports(
    integration: Integration,
    branch: Branch,
    analyst: User,
    gil: User,
    sandbox: Sandbox,
    visitor: Visitor,
    tmp_path: Path,
) -> None:
    document = factories.cpf_behaving("002")
    earlier = factories.answered(
        branch,
        analyst,
        integration=integration,
        requested_days_ago=12,
        document=document,
        score=720,
        band="B",
    )
    page = visitor.page
    visitor.sign_in(gil.email)

    # Within the interval a new question takes a reason.
    visitor.go("/consultas/")
    page.get_by_label("CPF ou CNPJ").first.fill(document)
    offer = page.get_by_role("region", name=re.compile("Há uma consulta de"))
    expect(offer).to_contain_text(formats.day(earlier.requested_at))
    page.get_by_text("Preciso de uma consulta nova").click()
    again = page.get_by_role("button", name="Consultar mesmo assim")
    visitor.shoot("44-consultar-mesmo-assim")
    again.click()
    expect(page.locator(".error-summary")).to_be_visible()
    assert Inquiry.objects.count() == 1
    assert sandbox.charges() == []
    page.get_by_label("Por que consultar de novo").fill("O cliente quitou ontem.")
    again.click()
    expect(verdict(page)).to_have_text(CONDITIONS)
    inquiry = Inquiry.objects.exclude(pk=earlier.pk).get()
    expect(page.get_by_role("region", name="Registro da consulta")).to_contain_text(
        "O cliente quitou ontem."
    )
    assert len(sandbox.charges()) == 1
    visitor.shoot("45-consulta-repetida")

    # A person decides over the policy, with a reason; both stay in the history.
    page.get_by_role("link", name="Mudar decisão").click()
    page.get_by_label("Não aprovar").check()
    decide = page.get_by_role("button", name="Gravar decisão")
    decide.click()
    expect(page.locator(".error-summary")).to_contain_text("motivo")
    visitor.shoot("46-mudar-decisao")
    page.get_by_label("Motivo").fill("Documento com suspeita de fraude.")
    decide.click()
    expect(verdict(page)).to_have_text("Não aprovar")
    history = page.get_by_role("region", name="Histórico da decisão")
    expect(history).to_contain_text(CONDITIONS)
    expect(history).to_contain_text("Gil")
    inquiry.refresh_from_db()
    assert inquiry.outcome == "deny"
    visitor.shoot("47-decisao-mudada")

    # The report finds it by its result, and gives just that line to a spreadsheet.
    page.get_by_role("link", name="Relatórios", exact=True).first.click()
    page.get_by_role("link", name=re.compile("Consultas Análise de Crédito")).click()
    filters = page.get_by_role("form", name="Filtros")
    filters.get_by_label("Data consulta inicial").fill("")
    filters.get_by_label("Data consulta final").fill("")
    filters.get_by_role("button", name="Filtrar").click()
    lines = page.get_by_role("region", name="Linhas do relatório").locator("tbody tr")
    expect(lines).to_have_count(2)
    filters.get_by_label("Resultado").select_option(label="Não aprovar")
    filters.get_by_role("button", name="Filtrar").click()
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text("Gil")
    expect(page.locator(".report-total")).to_contain_text(formats.brl(inquiry.cost))
    visitor.shoot("48-relatorio")
    export = page.get_by_role("form", name="Exportar")
    expect(export).to_contain_text("Exportar a linha")
    export.get_by_role("button", name="CSV").click()
    take = page.get_by_role("link", name=re.compile("Baixar .* CSV"))
    expect(take).to_be_visible()
    visitor.shoot("49-exportacao")
    with page.expect_download() as downloading:
        take.click()
    file = tmp_path / "consultas.csv"
    downloading.value.save_as(file)
    assert downloading.value.suggested_filename.endswith(".csv")
    with file.open(encoding="utf-8-sig", newline="") as written:
        [row] = csv.DictReader(written, delimiter=";")
    assert row["Nº"] == str(inquiry.pk)
    assert row["Custo"] == f"{inquiry.cost:.2f}".replace(".", ",")
    assert document not in file.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("viewport", ["phone"])
def test_a_leads_history_follows_it_to_the_customer(
    bea: User, sandbox: Sandbox, visitor: Visitor
) -> None:
    page = visitor.page
    visitor.sign_in(bea.email)
    visitor.go("/leads/")
    page.get_by_role("link", name="Novo lead").first.click()
    page.get_by_label("Nome").fill("Rosa Exemplo Prado")
    page.get_by_label("CPF ou CNPJ").fill(factories.cpf_behaving("001"))
    page.get_by_label("Telefone celular").fill("(11) 98765-4321")
    visitor.shoot("50-lead-novo")
    page.get_by_role("button", name="Salvar").click()

    # Asked from the lead's page, kept in its tab.
    page.get_by_role("link", name="Consultar análise de crédito").click()
    visitor.shoot("51-consultar-lead")
    page.get_by_role("button", name=ASK).click()
    expect(verdict(page)).to_have_text(CONDITIONS)
    inquiry = Inquiry.objects.get()
    visitor.go(f"/leads/{inquiry.lead_id}/")

    # Lead, prospect, customer: the inquiry is there each time, and is not paid again.
    for kind, place in (("prospecção", "prospeccoes"), ("cliente", "clientes")):
        page.get_by_role("link", name=f"Converter em {kind}").click()
        visitor.shoot(f"52-converter-em-{kind}")
        page.get_by_role("button", name=f"Converter em {kind}").click()
        expect(page.get_by_text(f"Rosa Exemplo Prado agora é {kind}")).to_be_visible()
        expect(page).to_have_url(re.compile(rf"/{place}/\d+/$"))
    customer = Customer.objects.get()
    page.get_by_role("link", name=re.compile("Consultas de análise de crédito")).click()
    expect(page).to_have_url(re.compile(rf"/clientes/{customer.pk}/consultas/$"))
    visitor.shoot("53-historico-no-cliente")
    line = page.get_by_role("row").filter(has_text="Bea")
    expect(line).to_contain_text(str(inquiry.score))
    line.get_by_role("link").first.click()
    expect(verdict(page)).to_have_text(CONDITIONS)
    assert page.url.endswith(reverse("inquiry_detail", args=[inquiry.pk]))
    assert Inquiry.objects.count() == len(sandbox.charges()) == 1
