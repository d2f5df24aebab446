from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from .creditor import Creditor, listing_body, ordinary_cpf
from .server import Sandbox, running_sandbox, wait_until

LISTINGS = "/v1/negativacoes"


def test_answer_lost_after_the_work(sandbox: Sandbox, creditor: Creditor) -> None:
    sandbox.add_faults({"kind": "lost_answer", "method": "POST", "path": LISTINGS, "times": 1})
    body = listing_body()
    with pytest.raises(httpx2.TransportError):
        creditor.post(LISTINGS, body, "key")
    (row,) = sandbox.ledger()
    found = creditor.feed(documento=row["documento"], contrato=row["contrato"])
    assert [item["protocolo"] for item in found] == [row["protocolo"]]
    again = creditor.post(LISTINGS, body, "key")
    assert (again.status_code, again.json()["protocolo"]) == (202, row["protocolo"])
    assert sandbox.faults()[0]["hits"] == 1


def test_dropped_before_the_work(sandbox: Sandbox, creditor: Creditor) -> None:
    sandbox.add_faults({"kind": "drop", "path": LISTINGS, "times": 1})
    with pytest.raises(httpx2.TransportError):
        creditor.post(LISTINGS, listing_body())
    assert sandbox.ledger() == []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("done", [True, False])
def test_server_errors(sandbox: Sandbox, creditor: Creditor, status: int, done: bool) -> None:
    sandbox.add_faults(
        {"kind": "status", "status": status, "done": done, "times": 1, "retry_after": 3}
    )
    answer = creditor.post(LISTINGS, listing_body())
    assert answer.status_code == status
    assert answer.headers["Retry-After"] == "3"
    assert set(answer.json()) >= {"codigo", "mensagem"}
    assert len(sandbox.ledger()) == int(done)


@pytest.mark.parametrize("status", [402, 403, 422, 429])
def test_refusals(sandbox: Sandbox, creditor: Creditor, status: int) -> None:
    sandbox.add_faults({"kind": "status", "status": status, "code": "X1", "times": 1})
    answer = creditor.ask(ordinary_cpf())
    assert (answer.status_code, answer.json()["codigo"]) == (status, "X1")
    assert ("Retry-After" in answer.headers) is (status == 429)
    assert sandbox.charges() == []


def test_revoked_token(sandbox: Sandbox, creditor: Creditor) -> None:
    sandbox.add_faults({"kind": "status", "status": 401, "times": 1})
    assert creditor.get("/v1/produtos").status_code == 401
    assert creditor.get("/v1/produtos").status_code == 401
    creditor.sign_in()
    assert creditor.get("/v1/produtos").status_code == 200


def test_latency_then_the_fault(sandbox: Sandbox, creditor: Creditor) -> None:
    sandbox.add_faults(
        {"kind": "latency", "seconds": 0.15},
        {"kind": "status", "status": 500, "path": "^/v1/prod.*$"},
    )
    started = time.monotonic()
    assert creditor.get("/v1/produtos").status_code == 500
    assert time.monotonic() - started >= 0.15
    assert creditor.get("/v1/codigos/baixa").status_code == 200


@pytest.mark.parametrize("done", [True, False])
def test_never_answers(sandbox: Sandbox, creditor: Creditor, done: bool) -> None:
    sandbox.add_faults({"kind": "timeout", "path": LISTINGS, "times": 1, "done": done})
    creditor.http.timeout = 0.2
    with pytest.raises(httpx2.TimeoutException):
        creditor.post(LISTINGS, listing_body())
    creditor.http.timeout = 10
    assert len(sandbox.ledger()) == int(done)


def test_stops_cleanly_while_a_call_hangs() -> None:
    with running_sandbox() as sandbox, ThreadPoolExecutor(1) as pool:
        creditor = Creditor(sandbox)
        sandbox.add_faults({"kind": "timeout"})
        hanging = pool.submit(creditor.get, "/v1/produtos")
        wait_until(lambda: sandbox.faults()[0]["hits"])
        started = time.monotonic()
        assert sandbox.stop() == 0
        assert time.monotonic() - started < 3
        with pytest.raises(httpx2.TransportError):
            hanging.result()
        assert "Traceback" not in sandbox.log()
        creditor.close()


def test_garbled(sandbox: Sandbox, creditor: Creditor) -> None:
    sandbox.add_faults({"kind": "garbled", "path": LISTINGS, "times": 1})
    answer = creditor.post(LISTINGS, listing_body())
    assert answer.headers["content-type"].startswith("text/html")
    assert len(sandbox.ledger()) == 1


def test_skip_times_probability(sandbox: Sandbox, creditor: Creditor) -> None:
    sandbox.add_faults({"kind": "status", "status": 500, "skip": 1, "times": 2})
    answers = [creditor.get("/v1/produtos").status_code for _ in range(5)]
    assert answers == [200, 500, 500, 200, 200]
    runs = []
    for _ in range(2):
        sandbox.clear_faults()
        sandbox.add_faults({"kind": "status", "status": 500, "probability": 0.5})
        runs.append([creditor.get("/v1/produtos").status_code for _ in range(20)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500}


def test_token_faults_and_counts(sandbox: Sandbox, creditor: Creditor) -> None:
    sandbox.add_faults({"kind": "status", "status": 503, "path": "/oauth/token", "times": 1})
    with pytest.raises(AssertionError):
        creditor.sign_in()
    creditor.sign_in()
    creditor.get("/v1/negativacoes/NADA")
    calls = sandbox.calls()
    assert calls["POST /oauth/token"] == 3
    assert calls["GET /v1/negativacoes/{protocolo}"] == 1


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"kind": "magia"},
        {"kind": "status", "status": 200},
        {"kind": "drop", "path": "^("},
        {"kind": "drop", "outro": 1},
        {"kind": "drop", "times": "1"},
        7,
    ],
)
def test_senseless_rules(sandbox: Sandbox, rule: object) -> None:
    answer = httpx2.post(sandbox.url + "/_sandbox/falhas", json=[rule])
    assert answer.status_code == 400
    assert sandbox.faults() == []


def test_other_sites_cannot_use_the_controls(sandbox: Sandbox) -> None:
    answer = httpx2.post(sandbox.url + "/_sandbox/zerar", headers={"Origin": "https://mau.example"})
    assert answer.status_code == 403


def test_page(sandbox: Sandbox, creditor: Creditor) -> None:
    body = listing_body()
    body["devedor"]["nome"] = "<b>Zé</b> da Silva"
    creditor.post(LISTINGS, body)
    sandbox.add_faults({"kind": "latency", "seconds": 0.01})
    page = httpx2.get(sandbox.url).text
    assert "não foi conferido com o serviço real" in page
    assert body["devedor"]["documento"] in page
    assert "<b>Zé" not in page
    assert "latency" in page
    assert '<html lang="pt-BR">' in page
