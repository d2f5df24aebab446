"""A person compares the two ledgers, mends each difference, and finds that they agree."""

from __future__ import annotations

import re
from decimal import Decimal

from playwright.sync_api import Page, expect

from regua.accounts.models import User
from regua.integrations.models import Integration
from regua.organization.models import Branch
from regua.restrictions.choices import Status
from regua.restrictions.models import Restriction
from regua.restrictions.services import restriction_request
from tests import factories
from tests.browser.conftest import Visitor
from tests.processes.running import eventually
from tests.processes.test_worker import reaches
from tests.sandbox.server import Sandbox


def test_compare_mend_and_agree(
    integration: Integration,
    branch: Branch,
    analyst: User,
    sandbox: Sandbox,
    visitor: Visitor,
) -> None:
    page = visitor.page
    lost, amount = (
        restriction_request(
            receivable=factories.receivable(factories.customer(branch, name=name)), actor=analyst
        )
        for name in ("Bia Perdida", "Caio Valor")
    )
    integration.reason_codes.filter(code="19").update(reason="data_correction")
    visitor.sign_in("celia@exemplo.test")

    # The list's button brings the news, and says so.
    eventually(lambda: [line["situacao"] for line in sandbox.ledger()] == ["ATIVA", "ATIVA"])
    visitor.go("/negativacoes/")
    page.get_by_role("button", name="Sincronizar status negativação").click()
    expect(page.get_by_text("Sincronização pedida: Centro.")).to_be_visible()
    reaches(lost, Status.ACTIVE)
    reaches(amount, Status.ACTIVE)
    expect(page.get_by_text(re.compile("^Sincronizada .* negativaç"))).to_be_visible()
    visitor.shoot("70-sincronizada")

    visitor.go("/negativacoes/conciliacao/")
    expect(page.get_by_text("Ainda não houve conciliação")).to_be_visible()
    visitor.shoot("71-conciliacao-vazia")

    # Each ledger comes to have what the other has not.
    Restriction.objects.filter(pk=lost.pk).update(protocol="NPERDIDO")
    Restriction.objects.filter(pk=amount.pk).update(amount=Decimal("150.00"))
    page.get_by_role("button", name="Conciliar agora").click()
    for title in ("Só no birô, com título aqui", "Só aqui", "Valor diferente"):
        expect(page.get_by_role("heading", name=f"{title} (1)")).to_be_visible()
    visitor.shoot("72-conciliacao-diferencas")

    mend(page, "so-aqui", "Encerrar aqui", "Encerrada aqui.")
    mend(page, "so-no-biro", "Adotar aqui", "Adotada: é a negativação nº")
    mend(page, "valor", "Corrigir no birô", "Baixa pedida.")
    visitor.shoot("73-conciliacao-resolvida")
    lost.refresh_from_db()
    assert lost.status == Status.REMOVED
    adopted = Restriction.objects.get(receivable=lost.receivable, status=Status.ACTIVE)
    assert adopted.events.get().actor == analyst

    eventually(lambda: {line["situacao"] for line in sandbox.ledger()} == {"ATIVA", "BAIXADA"})
    page.get_by_role("button", name="Conciliar agora").click()
    expect(page.locator(".empty-title")).to_have_text("Os dois lados conferem")
    visitor.shoot("74-conciliacao-confere")
    reaches(amount, Status.REMOVED)


def mend(page: Page, section: str, button: str, result: str) -> None:
    """Mark the only difference of a section, press, confirm, and read what became of it."""
    form = page.locator(f"form#{section}")
    form.locator("input[data-row]").check()
    form.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_text("O birô é consultado antes de cada uma.")).to_be_visible()
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_text(result)).to_be_visible()
    expect(page.locator(f"form#{section}")).to_have_count(0)
