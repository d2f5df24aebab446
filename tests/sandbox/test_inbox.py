"""The demo's inbox: what a customer would receive, by mail and by SMS."""

from __future__ import annotations

import smtplib
import socket
from email.message import EmailMessage

import httpx2

from .server import Sandbox, running_sandbox, wait_until

TEXT = {"para": "5511987654321", "texto": "Olá, <b>Maria</b>", "id": "mensagem-1", "canal": "SMS"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_mails_and_texts_are_shown_newest_first() -> None:
    port = free_port()
    with running_sandbox(smtp_port=port) as sandbox:
        assert "Nada chegou ainda" in httpx2.get(f"{sandbox.url}/caixa-de-entrada").text
        mail = EmailMessage()
        mail["From"], mail["To"] = "Ipê <cobranca@exemplo.test>", "maria@exemplo.test"
        mail["Subject"] = "Fatura de março"
        mail.set_content("Olá, Maria & filhos.")
        with smtplib.SMTP("127.0.0.1", port) as server:
            server.send_message(mail)
        wait_until(lambda: sandbox.control("GET", "/caixa"))
        assert _post(sandbox, TEXT).status_code == 202
        page = httpx2.get(f"{sandbox.url}/caixa-de-entrada").text
        assert page.index("Olá, &lt;b&gt;Maria") < page.index("Olá, Maria &amp; filhos.")
        assert "Fatura de março" in page
        assert [each["kind"] for each in sandbox.control("GET", "/caixa")] == ["E-mail", "SMS"]


def test_what_the_gateway_refuses(sandbox: Sandbox) -> None:
    sandbox.control("DELETE", "/caixa")
    assert _post(sandbox, TEXT, key="errada").status_code == 401
    for body in ({}, [], {"para": "55"}, {"texto": "oi"}):
        assert _post(sandbox, body).status_code == 400
    broken = httpx2.post(
        f"{sandbox.url}/v1/mensagens", content=b"{", headers={"X-Chave": sandbox.client_secret}
    )
    assert broken.status_code == 400
    assert sandbox.control("GET", "/caixa") == []


def test_without_controls_nobody_looks_in() -> None:
    with running_sandbox(control=False) as sandbox:
        assert httpx2.get(f"{sandbox.url}/caixa-de-entrada").status_code == 404


def _post(sandbox: Sandbox, body: object, *, key: str = "") -> httpx2.Response:
    return httpx2.post(
        f"{sandbox.url}/v1/mensagens",
        json=body,
        headers={"X-Chave": key or sandbox.client_secret},
    )
