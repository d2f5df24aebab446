"""Writing a message in a browser: the preview follows what is typed."""

from __future__ import annotations

from django.urls import reverse
from playwright.sync_api import expect

from regua.accounts.permissions import Role
from regua.dunning.models import MessageOptOut, MessageTemplate
from regua.dunning.rendering import opt_out_url
from regua.organization.models import Branch
from tests import factories
from tests.browser.conftest import PASSWORD, Visitor


def test_a_message_is_written(branch: Branch, visitor: Visitor) -> None:
    factories.user(Role.FINANCE_MANAGER, name="Gil", email="gil@exemplo.test", password=PASSWORD)
    page = visitor.page
    visitor.sign_in("gil@exemplo.test")
    visitor.go(reverse("message_template_new"))
    preview = page.locator("#preview")
    page.get_by_label("Nome").fill("Aviso por SMS")
    page.get_by_label("Texto").fill("Olá, {{ primeiro_nome }}!")
    expect(preview).to_contain_text("Olá, Maria!")
    page.get_by_label("Texto").fill("Olá, {{ apelido }}!")
    expect(preview).to_contain_text("Não existe a variável {{ apelido }}")
    page.get_by_label("Texto").fill("Olá, {{ nome }}!")
    page.get_by_label("Aviso de cobrança (RGC)").check()
    expect(preview).to_contain_text("60 dias depois da suspensão")
    expect(page.get_by_label("Celular para o teste")).to_be_hidden()
    page.get_by_label("SMS", exact=True).check()
    expect(page.get_by_label("Assunto")).to_be_hidden()
    expect(page.get_by_label("Celular para o teste")).to_be_visible()
    expect(preview).to_contain_text("caracteres")
    visitor.shoot("80-mensagem")
    page.get_by_role("button", name="Salvar").click()
    expect(page.get_by_text("Mensagem “Aviso por SMS” gravada.")).to_be_visible()
    saved = MessageTemplate.objects.get()
    assert (saved.channel, saved.kind, saved.body) == ("sms", "notice", "Olá, {{ nome }}!")


def test_a_customer_says_no_without_an_account(branch: Branch, visitor: Visitor) -> None:
    customer = factories.customer(branch)
    visitor.go("/" + opt_out_url(customer.pk, "whatsapp").split("/", 3)[3])
    visitor.shoot("81-nao-receber")
    visitor.page.get_by_role("button", name="Não receber mais por WhatsApp").click()
    expect(visitor.page.get_by_role("heading", name="Pronto")).to_be_visible()
    assert MessageOptOut.objects.get().customer == customer
