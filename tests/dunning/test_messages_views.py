"""The screens of messages: texts, channels, a customer's messages, and saying no to more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from regua.accounts.models import User
from regua.dunning.choices import Channel, MessageStatus
from regua.dunning.defaults import default_policy_create
from regua.dunning.models import (
    DunningMessage,
    DunningStep,
    MessageGateway,
    MessageOptOut,
    MessageTemplate,
)
from regua.dunning.rendering import opt_out_url
from regua.organization.models import Branch
from tests import factories
from tests.dunning.mailbox import Mailbox, open_mailbox
from tests.dunning.test_messages_sending import GATEWAY_BODY, debt, message, step
from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
SECRET = "muito-secreto-42"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with open_mailbox() as box:
        yield box


@pytest.fixture
def managing(client: Client, manager: User, branch: Branch) -> Client:
    client.force_login(manager)
    return client


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


TEXT = {
    "name": "Nova cobrança",
    "channel": "email",
    "kind": "collection",
    "subject": "Fatura {{ titulo }}",
    "body": "Olá, {{ nome }}.",
}


# --- texts ---------------------------------------------------------------------------------------


def test_a_new_text(managing: Client, manager: User) -> None:
    answer = managing.post(reverse("message_template_new"), TEXT)
    assert answer.status_code == 302
    saved = MessageTemplate.objects.get()
    assert (saved.name, saved.created_by, saved.replaced_by) == ("Nova cobrança", manager, None)
    assert "Nova cobrança" in text_of(managing.get(reverse("message_template_list")))


def test_a_changed_text_takes_the_place_of_the_old_one(managing: Client) -> None:
    default_policy_create()
    old = MessageTemplate.objects.get(name="Aviso de cobrança")
    steps = DunningStep.objects.filter(template=old).count()
    url = reverse("message_template_edit", args=[old.pk])
    sent = TEXT | {"name": old.name, "kind": "reminder", "channel": "sms"}
    assert managing.post(url, sent).status_code == 302
    new = MessageTemplate.objects.get(name=old.name, replaced_by=None)
    old.refresh_from_db()
    assert old.replaced_by == new
    assert (new.kind, new.channel) == ("notice", "email"), "what it is for stays"
    assert DunningStep.objects.filter(template=new).count() == steps == 1
    # Whoever still has the old page open is told, and nothing is lost.
    assert managing.get(url).headers["Location"] == reverse("message_template_edit", args=[new.pk])
    page = text_of(managing.get(reverse("message_template_edit", args=[new.pk])))
    assert "Textos anteriores" in page
    assert "Se você já pagou ou não reconhece" in page


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"body": "Olá, {{ nada }}"}, "Não existe a variável {{ nada }}"),
        ({"subject": "{% now %}"}, "chaves que não formam uma variável"),
        ({"subject": ""}, "Escreva o assunto do e-mail."),
        ({"body": "  "}, "Preencha este campo."),
        ({"name": "Vence hoje"}, "Já existe uma mensagem com o nome"),
        ({"channel": "carta"}, "Escolha um canal da lista."),
        ({"kind": "x"}, "Escolha uma finalidade da lista."),
        ({"name": "x" * 61}, "no máximo 60 letras"),
        ({"body": "a\x00b"}, "Caracteres nulos não são permitidos."),
    ],
)
def test_a_text_that_is_refused(managing: Client, change: dict[str, str], said: str) -> None:
    default_policy_create()
    before = MessageTemplate.objects.count()
    answer = managing.post(reverse("message_template_new"), TEXT | change)
    assert answer.status_code == 200
    assert said in text_of(answer).replace("&quot;", '"')
    assert MessageTemplate.objects.count() == before


def test_the_preview_shows_the_fixed_blocks(managing: Client) -> None:
    url = reverse("message_template_preview")
    shown = text_of(managing.post(url, TEXT | {"kind": "notice"}))
    assert "Olá, Maria Exemplo da Silva." in shown
    assert "Avenida Paulista, 900" in shown
    assert "60 dias depois da suspensão" in shown
    assert "Não existe a variável" in text_of(managing.post(url, TEXT | {"body": "{{ x }}"}))
    assert managing.post(url, {}).status_code == 200
    assert managing.post(url, {"mensagem": "9" * 30, "channel": "x"}).status_code == 200
    escaped = managing.post(url, TEXT | {"body": "<script>alert(1)</script>"}).content.decode()
    assert "<script>" not in escaped


def test_a_test_goes_to_who_writes_and_saves_nothing(
    managing: Client, manager: User, mailbox: Mailbox
) -> None:
    answer = managing.post(reverse("message_template_new"), TEXT | {"acao": "teste"})
    assert f"Teste enviado para {manager.email}" in text_of(answer)
    [mail] = mailbox.taken
    assert mail["To"] == manager.email
    assert mail["Subject"] == "[Teste] Fatura T0042-1"
    assert not MessageTemplate.objects.exists()


def test_a_test_that_cannot_leave_says_why(managing: Client) -> None:
    url = reverse("message_template_new")
    answer = text_of(managing.post(url, TEXT | {"acao": "teste"}))
    assert "Nenhum servidor de e-mail está configurado" in answer
    sms = TEXT | {"acao": "teste", "channel": "sms", "subject": ""}
    assert "para que celular o teste vai" in text_of(managing.post(url, sms))
    sms["mobile"] = "(11) 98765-4321"
    assert "Nenhum canal de SMS está configurado" in text_of(managing.post(url, sms))


def test_who_may_see_and_who_may_change(operator: User, attendant: User, branch: Branch) -> None:
    default_policy_create()
    template = MessageTemplate.objects.filter(kind="notice").get()
    edit = reverse("message_template_edit", args=[template.pk])
    sees = signed_in(operator)
    for url in (
        reverse("message_template_list"),
        edit,
        reverse("message_gateway_list"),
        reverse("message_gateway_edit", args=["sms"]),
        reverse("message_trouble_list"),
    ):
        page = sees.get(url)
        assert page.status_code == 200
        assert "Salvar" not in page.content.decode()
        assert signed_in(attendant).get(url).status_code == 403
    for url in (
        edit,
        reverse("message_template_new"),
        reverse("message_gateway_edit", args=["sms"]),
    ):
        assert sees.post(url, TEXT).status_code == 403
    assert sees.post(reverse("message_gateway_list")).status_code == 403
    assert MessageTemplate.objects.filter(replaced_by=None).count() == 3
    assert sees.get(reverse("message_gateway_edit", args=["email"])).status_code == 404


# --- channels ------------------------------------------------------------------------------------


def gateway_data(url: str, **changes: str) -> dict[str, str]:
    return {
        "url": url,
        "body": GATEWAY_BODY,
        "header_name": "X-Chave",
        "secret": SECRET,
        "cost": "0,085",
        "active": "sim",
    } | changes


def test_a_gateway_keeps_its_secret(managing: Client) -> None:
    url = reverse("message_gateway_edit", args=["sms"])
    address = "https://sms.exemplo.com.br/enviar"
    assert managing.post(url, gateway_data(address)).status_code == 302
    gateway = MessageGateway.objects.get()
    assert (str(gateway.cost), gateway.unseal()) == ("0.0850", SECRET)
    page = managing.get(url).content.decode()
    assert SECRET not in page
    assert 'value="0,085"' in page
    # Without writing it again it stays, at the same address only.
    assert managing.post(url, gateway_data(address, secret="", cost="0,10")).status_code == 302
    gateway.refresh_from_db()
    assert gateway.unseal() == SECRET
    moved = managing.post(url, gateway_data("https://outro.exemplo.com.br/", secret=""))
    assert "escreva o segredo de novo" in text_of(moved)
    gateway.refresh_from_db()
    assert gateway.url == address
    # Without a header there is nothing to keep.
    managing.post(url, gateway_data(address, secret="", header_name=""))
    gateway.refresh_from_db()
    assert gateway.header_sealed == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"body": "{"}, "Escreva um objeto JSON"),
        ({"body": "[]"}, "Escreva um objeto JSON"),
        ({"body": '{"a": "{{ para }}"}'}, "Falta {{ texto }}"),
        ({"body": '{"a": "{{ para }}", "{{ texto }}": 1}'}, "Falta {{ texto }}"),
        ({"body": '{"a": "{{ para }} {{ texto }} {{ nome }}"}'}, "Não existe a variável"),
        ({"header_name": "X: Y"}, "só letras, números e hífens"),
        ({"header_name": "Host"}, "do próprio envio"),
        ({"header_name": ""}, "Diga em que cabeçalho o segredo vai"),
        ({"secret": "com\nlinha"}, ""),
        ({"secret": "ção"}, "um caractere que um cabeçalho não leva"),
        ({"cost": "-1"}, "não pode ser negativo"),
        ({"cost": "99999"}, "alto demais"),
        ({"active": "talvez"}, ""),
        ({"url": "https://192.168.0.10/sms"}, "Este endereço não pode ser usado"),
    ],
)
def test_a_gateway_that_is_refused(managing: Client, change: dict[str, str], said: str) -> None:
    url = reverse("message_gateway_edit", args=["sms"])
    answer = managing.post(url, gateway_data("https://sms.exemplo.com.br/") | change)
    if answer.status_code == 302:  # a line break that a text field drops
        assert MessageGateway.objects.get().unseal().isprintable()
        return
    assert said in text_of(answer)
    assert not MessageGateway.objects.exists()


def test_a_channel_is_tested(managing: Client, sandbox: Sandbox) -> None:
    sandbox.control("DELETE", "/caixa")
    url = reverse("message_gateway_edit", args=["whatsapp"])
    data = gateway_data(f"{sandbox.url}/v1/mensagens", secret="errado")
    managing.post(url, data)
    test = {"acao": "teste", "mobile": "11987654321"}
    assert "código 401" in text_of(managing.post(url, test, follow=True))
    managing.post(url, data | {"secret": sandbox.client_secret})
    assert "Teste enviado" in text_of(managing.post(url, test, follow=True))
    assert [each["to"] for each in sandbox.control("GET", "/caixa")] == ["5511987654321"]
    assert "Escreva para que celular" in text_of(managing.post(url, {"acao": "teste"}, follow=True))


def test_the_mail_server_is_tested(managing: Client, manager: User, mailbox: Mailbox) -> None:
    url = reverse("message_gateway_list")
    assert "127.0.0.1" in text_of(managing.get(url))
    assert "Teste enviado" in text_of(managing.post(url, follow=True))
    assert [mail["To"] for mail in mailbox.taken] == [manager.email]


# --- a customer's messages -----------------------------------------------------------------------


def test_what_was_sent_failed_and_is_in_doubt(
    operator: User, outsider: User, branch: Branch
) -> None:
    of = debt(branch)
    by = step(branch)
    now = timezone.now()
    texts = {"subject": "Fatura", "recipient": "maria@exemplo.test"}
    message(of, by, status="sent", due_at=None, sent_at=now, body="Saiu assim.", **texts)
    failed = message(of, by, status="failed", due_at=None, problem="Endereço recusado.")
    left = message(of, by, status="sending", due_at=now - timedelta(minutes=10), body="Talvez.")
    message(of, by, status="sending", due_at=now, body="Agora.")
    url = reverse("customer_messages", args=[of.customer_id])
    client = signed_in(operator)
    page = client.get(url)
    shown = text_of(page)
    for part in ("Saiu assim.", "para maria@exemplo.test", "Endereço recusado.", "Em dúvida"):
        assert part in shown
    assert "Não dá para saber se a mensagem saiu" in shown
    assert page.content.decode().count("Enviar de novo</button>") == 2
    trouble = text_of(client.get(reverse("message_trouble_list")))
    assert of.customer.name in trouble
    assert "2 mensagens" in trouble
    assert signed_in(outsider).get(url).status_code == 404
    assert of.customer.name not in text_of(signed_in(outsider).get(reverse("message_trouble_list")))
    other = message(of, by, status="failed", due_at=None, problem="Endereço recusado.")
    leave = reverse("message_leave", args=[other.pk])
    assert signed_in(outsider).post(leave).status_code == 404
    assert "não é enviada de novo" in text_of(client.post(leave, follow=True))
    assert "Nada mudou" in text_of(client.post(leave, follow=True))
    other.refresh_from_db()
    assert other.status == MessageStatus.DROPPED
    assert f"{operator.name} decidiu não enviar de novo" in other.problem
    for row in (failed, left):
        answer = client.post(reverse("message_resend", args=[row.pk]), follow=True)
        assert "A mensagem está na fila e sai a partir de" in text_of(answer)
        again = client.post(reverse("message_resend", args=[row.pk]), follow=True)
        assert "Nada mudou" in text_of(again)
    assert DunningMessage.objects.filter(status=MessageStatus.QUEUED).count() == 2
    assert signed_in(outsider).post(reverse("message_resend", args=[left.pk])).status_code == 404


def test_a_person_writes_down_who_wants_none(
    operator: User, attendant: User, branch: Branch
) -> None:
    customer = debt(branch).customer
    url = reverse("customer_opt_out", args=[customer.pk, "sms"])
    client = signed_in(operator)
    for _ in range(2):
        assert "não recebe mais cobranças por SMS" in text_of(client.post(url, follow=True))
    row = MessageOptOut.objects.get()
    assert (row.customer, row.channel, row.created_by) == (customer, "sms", operator)
    page = text_of(client.get(reverse("customer_messages", args=[customer.pk])))
    assert f"Anotado por {operator.name}" in page
    assert signed_in(attendant).post(url, {"querer": "sim"}).status_code == 403
    assert client.post(reverse("customer_opt_out", args=[customer.pk, "fax"])).status_code == 404
    client.post(url, {"querer": "sim"})
    assert not MessageOptOut.objects.exists()


def test_a_customer_says_no_by_the_link(branch: Branch) -> None:
    customer = debt(branch).customer
    url = opt_out_url(customer.pk, Channel.EMAIL).partition("127.0.0.1:8000")[2]
    anybody = Client(enforce_csrf_checks=True)
    page = anybody.get(url)
    assert page.status_code == 200
    assert "Provedor de Teste, filial Centro" in text_of(page)
    assert customer.name not in page.content.decode(), "whoever holds the link learns nothing"
    assert not MessageOptOut.objects.exists(), "looking does nothing"
    # As a mail program does it by itself (RFC 8058).
    for _ in range(2):
        done = anybody.post(url, {"List-Unsubscribe": "One-Click"})
        assert "Pronto" in text_of(done)
    row = MessageOptOut.objects.get()
    assert (row.customer, row.channel, row.created_by) == (customer, "email", None)


def test_a_forged_link_does_nothing(branch: Branch) -> None:
    customer = debt(branch).customer
    for token in (f"{customer.pk}-email", f"{customer.pk}-email~abc", "x"):
        answer = Client().post(reverse("message_opt_out", args=[token]))
        assert answer.status_code == 404
        assert "não está inteiro" in text_of(answer)
    assert not MessageOptOut.objects.exists()
    # A test's link is ours, and of nobody.
    url = opt_out_url(0, Channel.EMAIL).partition("127.0.0.1:8000")[2]
    assert Client().post(url).status_code == 200
    assert not MessageOptOut.objects.exists()
    assert factories.customer(branch).pk
