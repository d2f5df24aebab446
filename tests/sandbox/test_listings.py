from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx2
import pytest

from regua.sandbox.config import SandboxConfig
from regua.sandbox.documents import with_check_digits
from regua.sandbox.engine import Bureau
from regua.sandbox.people import behaviour_of, example_documents

from .creditor import CREDITOR, Creditor, cpf_that, listing_body, ordinary_cpf, today
from .server import FAST, Sandbox, running_sandbox, wait_until


def reach(creditor: Creditor, protocol: str, situation: str) -> dict[str, Any]:
    found: dict[str, Any] = wait_until(
        lambda: (now := creditor.listing(protocol))["situacao"] == situation and now
    )
    return found


def life(creditor: Creditor, protocol: str, last: str) -> list[str]:
    """The situations seen, in order, up to the last."""
    seen: list[str] = []

    def arrived() -> bool:
        situation: str = creditor.listing(protocol)["situacao"]
        if not seen or seen[-1] != situation:
            seen.append(situation)
        return situation == last

    wait_until(arrived)
    return seen


def test_life_to_removal(creditor: Creditor) -> None:
    protocol = creditor.list_debt()
    active = reach(creditor, protocol, "ATIVA")
    assert active["comunicado_em"] <= active["visivel_em"] <= active["alterada_em"]
    assert active["versao"] >= 3
    assert datetime.fromisoformat(active["alterada_em"]).tzinfo is not None
    assert len(active["alterada_em"].partition(".")[2]) == len("123456-03:00")
    answer = creditor.remove(protocol, "02")
    assert (answer.status_code, answer.json()["situacao"]) == (202, "BAIXA_RECEBIDA")
    gone = reach(creditor, protocol, "BAIXADA")
    assert gone["codigo_baixa"] == "02"
    assert gone["baixada_em"] == gone["visivel_em"] == today().isoformat()
    assert gone["versao"] > active["versao"]
    again = creditor.remove(protocol)
    assert (again.status_code, again.json()["codigo"]) == (409, "022")


def test_removed_before_it_is_visible() -> None:
    with running_sandbox(day_seconds=3600, moment_seconds=0.01) as sandbox:
        creditor = Creditor(sandbox)
        protocol = creditor.list_debt()
        planned = reach(creditor, protocol, "COMUNICADO_ENVIADO")
        assert planned["visivel_em"] == (today() + timedelta(days=10)).isoformat()
        assert creditor.remove(protocol).status_code == 202
        gone = reach(creditor, protocol, "BAIXADA")
        assert gone["visivel_em"] is None
        assert gone["baixada_em"] == today().isoformat()
        sandbox.advance(30)
        assert creditor.listing(protocol) == gone
        creditor.close()


def test_the_calendar_may_begin_in_the_past() -> None:
    with running_sandbox(day_seconds=86400, days_ago=400) as sandbox:
        before = date.fromisoformat(sandbox.control("GET", "/relogio")["hoje"])
        assert abs((datetime.now(UTC).date() - before).days - 400) <= 1
        sandbox.advance(365)
        after = date.fromisoformat(sandbox.control("GET", "/relogio")["hoje"])
        assert (after - before).days == 365


def test_calendar_and_terms_advance_together() -> None:
    with running_sandbox(day_seconds=3600, moment_seconds=0.01) as sandbox:
        creditor = Creditor(sandbox)
        protocol = creditor.list_debt()
        reach(creditor, protocol, "COMUNICADO_ENVIADO")
        sandbox.advance(9)
        assert creditor.listing(protocol)["situacao"] == "COMUNICADO_ENVIADO"
        sandbox.advance(1)
        active = creditor.listing(protocol)
        assert active["situacao"] == "ATIVA"
        assert active["visivel_em"] == (today() + timedelta(days=10)).isoformat()
        creditor.close()


def test_surprises_come_to_ordinary_documents() -> None:
    with running_sandbox(**FAST, surprises=1) as sandbox:
        creditor = Creditor(sandbox)
        protocol = creditor.list_debt(with_check_digits("900001500"))
        expected = behaviour_of(with_check_digits("900001500"), 1).name
        assert expected != "ordinary"
        ends = {"unavailable": "ATIVA", "name_mismatch": "REJEITADA"}
        reach(creditor, protocol, ends.get(expected, "BAIXADA"))
        creditor.close()


def test_one_live_listing_per_debt(creditor: Creditor) -> None:
    body = listing_body()
    first = creditor.post("/v1/negativacoes", body).json()["protocolo"]
    body["referencia"] = "outra"
    again = creditor.post("/v1/negativacoes", body)
    assert again.status_code == 409
    assert (again.json()["codigo"], again.json()["protocolo"]) == ("059", first)
    other = creditor.post("/v1/negativacoes", {**body, "nosso_numero": "778"})
    assert other.status_code == 202
    creditor.remove(first)
    reach(creditor, first, "BAIXADA")
    assert creditor.post("/v1/negativacoes", body).json()["protocolo"] != first


@pytest.mark.parametrize(
    ("code", "removal", "visible"), [("007", "95", False), ("008", "91", True), ("013", "96", True)]
)
def test_the_bureau_removes_unasked(
    creditor: Creditor, code: str, removal: str, visible: bool
) -> None:
    gone = reach(creditor, creditor.list_debt(cpf_that(code)), "BAIXADA")
    assert gone["codigo_baixa"] == removal
    assert (gone["visivel_em"] is not None) is visible


def test_received_is_not_accepted(creditor: Creditor) -> None:
    refused = reach(creditor, creditor.list_debt(cpf_that("006")), "REJEITADA")
    assert refused["codigo"] == "296"
    assert refused["mensagem"]
    assert creditor.remove(refused["protocolo"]).json()["codigo"] == "022"


def test_unavailable_for_a_while(creditor: Creditor) -> None:
    seen = life(creditor, creditor.list_debt(cpf_that("012")), "ATIVA")
    assert "INDISPONIVEL" in seen


def test_companies_need_neither_birth_nor_sex(creditor: Creditor) -> None:
    for document in example_documents("001")[1:]:
        creditor.list_debt(document)


def test_five_years(sandbox: Sandbox, creditor: Creditor) -> None:
    protocol = creditor.list_debt()
    sandbox.advance(15)
    assert creditor.listing(protocol)["situacao"] == "ATIVA"
    sandbox.advance(5 * 366)
    gone = creditor.listing(protocol)
    assert (gone["situacao"], gone["codigo_baixa"]) == ("BAIXADA", "97")
    assert gone["baixada_em"] > today().isoformat()


def test_own_visible_listing_shows_in_reports(creditor: Creditor) -> None:
    document = cpf_that("001")
    protocol = creditor.list_debt(document)
    reach(creditor, protocol, "ATIVA")
    assert [item["valor"] for item in creditor.ask(document).json()["pendencias"]] == ["129.90"]
    creditor.remove(protocol)
    assert creditor.ask(document).json()["pendencias"] == []


def test_forced_changes(sandbox: Sandbox, creditor: Creditor) -> None:
    protocol = creditor.list_debt()
    reach(creditor, protocol, "ATIVA")
    assert sandbox.force(protocol, "INDISPONIVEL", dias=500)["situacao"] == "INDISPONIVEL"
    assert creditor.listing(protocol)["situacao"] == "INDISPONIVEL"
    sandbox.advance(500)
    assert creditor.listing(protocol)["situacao"] == "ATIVA"
    sandbox.force(protocol, "BAIXADA", codigo_baixa="96")
    gone = creditor.listing(protocol)
    assert (gone["situacao"], gone["codigo_baixa"]) == ("BAIXADA", "96")
    with pytest.raises(httpx2.HTTPStatusError):
        sandbox.force(protocol, "ATIVA")
    other = creditor.list_debt()
    sandbox.force(other, "BAIXA_RECEBIDA", codigo_baixa="45")
    assert reach(creditor, other, "BAIXADA")["codigo_baixa"] == "45"


def test_everything_wrong_is_told_at_once(creditor: Creditor) -> None:
    body = listing_body(
        codigo_restricao="XX",
        contrato="",
        valor="9.99",
        vencimento=(today() + timedelta(days=2)).isoformat(),
    )
    body["credor"]["documento"] = "1"
    body["devedor"] |= {
        "documento": "12345678900",
        "nome": " ",
        "celular": "8532321010",
        "email": "sem-arroba",
    }
    body["devedor"]["endereco"] |= {"cep": "123", "uf": "XX", "cidade": ""}
    answer = creditor.post("/v1/negativacoes", body)
    assert answer.status_code == 422
    assert {item["campo"]: item["codigo"] for item in answer.json()["campos"]} == {
        "codigo_restricao": "035",
        "contrato": "102",
        "valor": "381",
        "vencimento": "016",
        "credor.documento": "029",
        "devedor.documento": "029",
        "devedor.nome": "012",
        "devedor.celular": "360",
        "devedor.email": "575",
        "devedor.endereco.cep": "119",
        "devedor.endereco.uf": "111",
        "devedor.endereco.cidade": "109",
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"valor": "1000000.00"}, "381"),
        ({"valor": "129,90"}, "057"),
        ({"valor": 129.9}, "057"),
        ({"vencimento": "2015-01-01"}, "017"),
        ({"vencimento": "ontem"}, "014"),
        ({"referencia": ""}, "008"),
        ({"devedor": {"nascimento": None}}, "121"),
        ({"devedor": {"nascimento": f"{today().year - 10}-01-01"}}, "121"),
        ({"devedor": {"sexo": None}}, "120"),
        ({"devedor": {"documento": CREDITOR}}, "286"),
        ({"devedor": {"documento": example_documents("001")[1]}, "codigo_restricao": "ME"}, "036"),
    ],
)
def test_single_refusals(creditor: Creditor, changes: dict[str, Any], code: str) -> None:
    body = listing_body()
    body["devedor"] |= changes.pop("devedor", {})
    answer = creditor.post("/v1/negativacoes", body | changes)
    assert answer.status_code == 422
    assert answer.json()["codigo"] == code
    assert [item["codigo"] for item in answer.json()["campos"]] == [code]


@pytest.mark.parametrize(("code", "refusal"), [("97", "799"), ("ZZ", "008")])
def test_removal_codes_are_checked(creditor: Creditor, code: str, refusal: str) -> None:
    answer = creditor.remove(creditor.list_debt(), code)
    assert (answer.status_code, answer.json()["codigo"]) == (422, refusal)


def test_same_key_same_answer(sandbox: Sandbox, creditor: Creditor) -> None:
    body = listing_body()
    first = creditor.post("/v1/negativacoes", body, "key")
    again = creditor.post("/v1/negativacoes", body, "key")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    other = creditor.post("/v1/negativacoes", {**body, "valor": "200.00"}, "key")
    assert other.status_code == 422
    assert len(sandbox.ledger()) == 1
    protocol = first.json()["protocolo"]
    assert creditor.remove(protocol, key="baixa").status_code == 202
    reach(creditor, protocol, "BAIXADA")
    assert creditor.remove(protocol, key="baixa").status_code == 202
    refused = creditor.post("/v1/negativacoes", {}, "bad")
    assert creditor.post("/v1/negativacoes", {}, "bad").json() == refused.json()


def test_same_key_at_the_same_time(sandbox: Sandbox, creditor: Creditor) -> None:
    body = listing_body()
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: creditor.post("/v1/negativacoes", body, "key"), range(24))
        )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["protocolo"] for answer in answers}) == 1
    assert len(sandbox.ledger()) == 1


def test_malformed_calls(creditor: Creditor) -> None:
    http = creditor.http
    assert http.post("/v1/negativacoes", json=listing_body()).status_code == 400
    headers = {"Idempotency-Key": "x"}
    assert http.post("/v1/negativacoes", content=b"{", headers=headers).status_code == 400
    assert http.post("/v1/negativacoes", json=[], headers=headers).status_code == 400
    half = b'{"referencia": "\\ud800"}'
    assert http.post("/v1/negativacoes", content=half, headers=headers).status_code == 400
    strange = {b"Authorization": b"Bearer \xff\xfe"}
    assert http.get("/v1/produtos", headers=strange).status_code == 401
    assert creditor.get("/v1/negativacoes/NADA").json()["codigo"] == "404"
    for query in ({"desde": "ontem"}, {"desde": "2026-01-01"}, {"cursor": "!"}, {"limite": "0"}):
        assert creditor.get("/v1/negativacoes", **query).status_code == 400


def test_feed_misses_nothing_while_things_change(creditor: Creditor) -> None:
    protocols = {creditor.list_debt() for _ in range(40)}
    seen: dict[str, int] = {}
    order: list[tuple[str, int]] = []
    sizes, cursor = [], None
    for _ in range(500):
        params = {"limite": 7} | ({"cursor": cursor} if cursor else {})
        page = creditor.get("/v1/negativacoes", **params).json()
        sizes.append(len(page["itens"]))
        for item in page["itens"]:
            order.append((item["alterada_em"], item["versao"]))
            seen[item["protocolo"]] = max(item["versao"], seen.get(item["protocolo"], 0))
        cursor = page["proximo"]
        if cursor is None:
            break
    assert set(seen) == protocols
    assert [moment for moment, _ in order] == sorted(moment for moment, _ in order)
    assert max(sizes) == 7
    wait_until(lambda: all(item["situacao"] == "ATIVA" for item in creditor.feed()))
    settled = {item["protocolo"]: item["versao"] for item in creditor.feed(limite=7)}
    assert set(settled) == protocols
    assert all(settled[protocol] >= seen[protocol] for protocol in protocols)


def test_pages_may_be_short_and_rows_may_repeat(creditor: Creditor) -> None:
    for _ in range(20):
        creditor.list_debt()
    wait_until(lambda: all(item["situacao"] == "ATIVA" for item in creditor.feed()))
    repeated = short = 0
    for _ in range(30):
        rows: list[str] = []
        cursor = None
        while cursor or not rows:
            params = {"limite": 5} | ({"cursor": cursor} if cursor else {})
            page = creditor.get("/v1/negativacoes", **params).json()
            rows += [item["protocolo"] for item in page["itens"]]
            cursor = page["proximo"]
            short += cursor is not None and len(page["itens"]) < 5
        assert len(set(rows)) == 20
        repeated += len(rows) > 20
    assert repeated
    assert short


def test_no_two_changes_share_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    bureau = Bureau(SandboxConfig())
    moment = bureau.clock.now()
    monkeypatch.setattr(bureau.clock, "now", lambda: moment)
    account = bureau.accounts.find("regua-demo")
    assert account is not None
    for _ in range(5):
        bureau.listings.receive(account, listing_body())
    assert len({row["alterada_em"] for row in bureau.listings.ledger("regua-demo")}) == 5
    bureau.close()


def test_feed_since_and_search(creditor: Creditor) -> None:
    document = ordinary_cpf()
    protocol = creditor.list_debt(document, contrato="ABC")
    reach(creditor, protocol, "ATIVA")
    other = creditor.list_debt()
    last = reach(creditor, other, "ATIVA")
    since = creditor.feed(desde=last["alterada_em"])
    assert [item["protocolo"] for item in since] == [other]
    found = creditor.feed(documento=document, contrato="ABC")
    assert [item["protocolo"] for item in found] == [protocol]
    assert creditor.feed(documento=document, contrato="XYZ") == []


def test_ledger_is_the_same_story(sandbox: Sandbox, creditor: Creditor) -> None:
    protocol = creditor.list_debt()
    active = reach(creditor, protocol, "ATIVA")
    (row,) = sandbox.ledger()
    assert row.items() >= active.items()
    assert (row["nosso_numero"], row["codigo_restricao"]) == ("777", "TI")


def test_a_co_debtor_is_as_complete_as_the_debtor_and_another_person(creditor: Creditor) -> None:
    body = listing_body()
    body["coobrigado"] = listing_body()["devedor"]
    protocol = creditor.post("/v1/negativacoes", body).json()["protocolo"]
    assert protocol

    for wrong, fields in (
        (body["devedor"], {"coobrigado.documento": "286"}),
        ({**body["coobrigado"], "documento": CREDITOR}, {"coobrigado.documento": "286"}),
        ({**body["coobrigado"], "sexo": None}, {"coobrigado.sexo": "120"}),
        (
            {**body["coobrigado"], "endereco": {}},
            {
                "coobrigado.endereco.cep": "112",
                "coobrigado.endereco.uf": "111",
                "coobrigado.endereco.logradouro": "109",
                "coobrigado.endereco.numero": "109",
                "coobrigado.endereco.bairro": "109",
                "coobrigado.endereco.cidade": "109",
            },
        ),
    ):
        answer = creditor.post(
            "/v1/negativacoes", {**listing_body(body["devedor"]["documento"]), "coobrigado": wrong}
        )
        assert answer.status_code == 422
        assert {item["campo"]: item["codigo"] for item in answer.json()["campos"]} == fields
    answer = creditor.post("/v1/negativacoes", {**listing_body(), "coobrigado": "Fulano"})
    assert answer.status_code == 422
