from __future__ import annotations

import time
from pathlib import Path

import httpx2
import pytest

from .creditor import Creditor, listing_body, ordinary_cpf
from .server import Sandbox, running_sandbox

FORM = {"grant_type": "client_credentials"}


def test_token_is_as_the_contract_says(sandbox: Sandbox) -> None:
    answer = httpx2.post(
        sandbox.url + "/oauth/token", data=FORM, auth=("regua-demo", "segredo-demo")
    )
    body = answer.json()
    assert answer.status_code == 200
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 900
    assert body["access_token"]


@pytest.mark.parametrize("auth", [("regua-demo", "errado"), ("ninguém", "segredo-demo"), None])
def test_wrong_credentials(sandbox: Sandbox, auth: tuple[str, str] | None) -> None:
    answer = httpx2.post(sandbox.url + "/oauth/token", data=FORM, auth=auth)
    assert answer.status_code == 401
    assert answer.json()["codigo"] == "AUTH"


def test_wrong_grant(sandbox: Sandbox) -> None:
    answer = httpx2.post(sandbox.url + "/oauth/token", data={}, auth=("regua-demo", "segredo-demo"))
    assert answer.status_code == 400


def test_calls_need_a_live_token(sandbox: Sandbox, creditor: Creditor) -> None:
    assert creditor.get("/v1/produtos").status_code == 200
    sandbox.revoke_tokens()
    refused = creditor.get("/v1/produtos")
    assert (refused.status_code, refused.json()["codigo"]) == (401, "AUTH")
    creditor.sign_in()
    assert creditor.get("/v1/produtos").status_code == 200
    assert httpx2.get(sandbox.url + "/v1/produtos").status_code == 401


def test_tokens_expire_and_the_store_survives_a_restart(tmp_path: Path) -> None:
    store = tmp_path / "bureau.sqlite3"
    with running_sandbox(store=store, token_seconds=0.3) as sandbox:
        creditor = Creditor(sandbox)
        protocol = creditor.list_debt()
        sandbox.advance(3)
        time.sleep(0.35)
        assert creditor.get("/v1/produtos").status_code == 401
        creditor.close()
        assert sandbox.stop() == 0
    with running_sandbox(store=store) as sandbox:
        creditor = Creditor(sandbox)
        assert creditor.listing(protocol)["protocolo"] == protocol
        assert sandbox.control("GET", "/relogio")["avanco_dias"] == 3
        creditor.close()


def test_accounts_do_not_see_each_other(sandbox: Sandbox, creditor: Creditor) -> None:
    sandbox.open_account("outra", "outro-segredo")
    other = Creditor(sandbox, "outra", "outro-segredo")
    body = listing_body()
    mine = creditor.post("/v1/negativacoes", body, "k").json()["protocolo"]
    inquiry = creditor.ask(ordinary_cpf()).json()["protocolo"]
    assert other.get(f"/v1/negativacoes/{mine}").status_code == 404
    assert other.get(f"/v1/consultas/{inquiry}").status_code == 404
    assert other.remove(mine).status_code == 404
    assert other.feed() == []
    theirs = other.post("/v1/negativacoes", body, "k")
    assert theirs.status_code == 202
    assert theirs.json()["protocolo"] != mine
    assert sandbox.charges(client_id="outra") == []
    other.close()


@pytest.mark.parametrize(
    ("standing", "inquiry", "listing"),
    [("sem_saldo", 402, 402), ("contrato_pendente", 402, 402), ("sem_produto", 403, 202)],
)
def test_standing(
    sandbox: Sandbox, creditor: Creditor, standing: str, inquiry: int, listing: int
) -> None:
    sandbox.set_standing(standing)
    body, document = listing_body(), ordinary_cpf()
    assert creditor.ask(document, key="q").status_code == inquiry
    assert creditor.post("/v1/negativacoes", body, "n").status_code == listing
    sandbox.set_standing("ativa")
    assert creditor.ask(document, key="q").status_code == 200
    assert creditor.post("/v1/negativacoes", body, "n").status_code == 202


def test_log_tells_routes_and_no_data(sandbox: Sandbox, creditor: Creditor) -> None:
    document = ordinary_cpf()
    protocol = creditor.list_debt(document)
    creditor.listing(protocol)
    log = sandbox.log()
    assert "GET /v1/negativacoes/{protocolo} 200" in log
    for private in (document, protocol, "segredo-demo", "Bearer"):
        assert private not in log


def test_control_can_be_switched_off() -> None:
    with running_sandbox(control=False) as sandbox:
        assert httpx2.get(sandbox.url + "/_sandbox/livro").status_code == 404
        assert httpx2.get(sandbox.url + "/").status_code == 200
