"""A creditor that speaks the wire contract plainly, for the sandbox's own tests."""

from __future__ import annotations

import itertools
import uuid
from datetime import date, datetime, timedelta
from typing import Any

import httpx2

from regua.sandbox.clock import SAO_PAULO
from regua.sandbox.documents import with_check_digits

from .server import Sandbox

CREDITOR = with_check_digits("112223330001")
_numbers = itertools.count(1)


def today() -> date:
    return datetime.now(SAO_PAULO).date()


def ordinary_cpf() -> str:
    """One that behaves like most and nobody used before."""
    return with_check_digits(f"9{next(_numbers):05d}500")


def cpf_that(code: str) -> str:
    """A new one with that behaviour."""
    return with_check_digits(f"8{next(_numbers):05d}{code}")


def listing_body(document: str | None = None, **changes: Any) -> dict[str, Any]:
    document = document or ordinary_cpf()
    person = len(document) == 11
    return {
        "referencia": f"R-{next(_numbers)}",
        "codigo_restricao": "TI",
        "contrato": f"C{next(_numbers)}",
        "nosso_numero": "777",
        "valor": "129.90",
        "vencimento": (today() - timedelta(days=60)).isoformat(),
        "credor": {"documento": CREDITOR},
        "devedor": {
            "documento": document,
            "nome": "Maria Aparecida da Silva",
            "sexo": "F" if person else None,
            "nascimento": "1980-05-17" if person else None,
            "celular": "85987654321",
            "email": None,
            "endereco": {
                "cep": "60115000",
                "logradouro": "Rua das Flores",
                "numero": "10",
                "complemento": None,
                "bairro": "Centro",
                "cidade": "Fortaleza",
                "uf": "CE",
            },
        },
        **changes,
    }


class Creditor:
    def __init__(
        self, sandbox: Sandbox, client_id: str = "regua-demo", secret: str = "segredo-demo"
    ) -> None:
        self._identity = (client_id, secret)
        self.http = httpx2.Client(base_url=sandbox.url, timeout=10)
        self.sign_in()

    def sign_in(self) -> None:
        answer = self.http.post(
            "/oauth/token", data={"grant_type": "client_credentials"}, auth=self._identity
        )
        assert answer.status_code == 200, answer.text
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def close(self) -> None:
        self.http.close()

    def post(self, path: str, body: Any, key: str | None = None) -> httpx2.Response:
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        return self.http.post(path, json=body, headers=headers)

    def get(self, path: str, **params: Any) -> httpx2.Response:
        return self.http.get(path, params=params)

    def ask(self, document: str, product: str = "LOCALIZA", key: str | None = None) -> Any:
        body = {"documento": document, "produto": product, "referencia": "Q-1"}
        return self.post("/v1/consultas", body, key)

    def list_debt(self, document: str | None = None, **changes: Any) -> str:
        answer = self.post("/v1/negativacoes", listing_body(document, **changes))
        assert answer.status_code == 202, answer.text
        assert answer.json()["situacao"] == "RECEBIDA"
        protocol: str = answer.json()["protocolo"]
        return protocol

    def listing(self, protocol: str) -> dict[str, Any]:
        answer = self.get(f"/v1/negativacoes/{protocol}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def remove(self, protocol: str, code: str = "01", key: str | None = None) -> httpx2.Response:
        body = {"codigo_baixa": code, "data": today().isoformat()}
        return self.post(f"/v1/negativacoes/{protocol}/baixa", body, key)

    def feed(self, **params: Any) -> list[dict[str, Any]]:
        """Every page of the change feed."""
        found, cursor = [], None
        for _ in range(1000):
            page = self.get("/v1/negativacoes", **params, **({"cursor": cursor} if cursor else {}))
            assert page.status_code == 200, page.text
            found += page.json()["itens"]
            cursor = page.json()["proximo"]
            if cursor is None:
                return found
        raise AssertionError("the feed never ends")
