"""The IXC connector against a server that speaks its API, over real HTTP."""

import json
import logging
import socket

import pytest

from regua.connectors.contract import Account, Kind
from regua.connectors.errors import Misconfigured, TryLater
from regua.connectors.ixc import connector
from regua.connectors.ixc.source import PAGE_SIZE
from regua.connectors.registry import get
from tests.connectors.conftest import stamp

CPF = "529.982.247-25"


def account(ixc, **changes):
    settings = {"token": ixc.token, "filial": "", **changes.pop("settings", {})}
    values = {"base_url": ixc.url, "timeout": 20, "pause": 0, **changes}
    return Account(settings=settings, **values)


def pages(ixc, kind=Kind.CUSTOMERS, cursor="", **changes):
    with connector.connect(account(ixc, **changes)) as source:
        return list(source.pull(kind, cursor))


def ids(found):
    return [int(row[0]) for page in found for row in page.rows]


def customers(first, last):
    return [{"id": n, "razao": f"Cliente {n}", "cnpj_cpf": CPF} for n in range(first, last)]


def test_it_is_a_plug_in_that_says_it_is_unverified():
    assert get("ixc") is connector
    assert connector.verified is False


def test_everything_comes_in_pages_ordered_by_id(ixc):
    ixc.put("cliente", *reversed(customers(1, 2 * PAGE_SIZE + 8)))
    found = pages(ixc)
    assert ids(found) == list(range(1, 2 * PAGE_SIZE + 8))
    assert [page.last for page in found] == [False, False, True]
    assert {call["body"]["rp"] for call in ixc.calls("cliente")} == {str(PAGE_SIZE)}


def test_lines_that_come_and_go_between_pages_shift_nothing(ixc):
    ixc.put("cliente", *customers(1, PAGE_SIZE + 51))
    ixc.faults(
        {
            "resource": "cliente",
            "skip": 1,
            "delete": {"cliente": list(range(1, 41))},
            "put": {"cliente": [{"id": PAGE_SIZE + 90, "razao": "Nova"}]},
        }
    )
    assert ids(pages(ixc)) == [*range(1, PAGE_SIZE + 51), PAGE_SIZE + 90]


def test_a_second_pass_asks_only_for_what_changed(ixc):
    ixc.put("cliente", *customers(1, 4))
    ixc.put("cliente", {"id": 2, "ultima_atualizacao": "2020-01-01 00:00:00"})
    first = pages(ixc)
    ixc.put("cliente", {"id": 9, "razao": "Recém-chegado", "cnpj_cpf": CPF})
    second = pages(ixc, cursor=first[-1].cursor)
    assert ids(second) == [1, 3, 9]  # with an overlap: reading again does no harm
    filters = json.loads(ixc.calls("cliente")[-1]["body"]["grid_param"])
    assert [(f["TB"], f["OP"]) for f in filters] == [("cliente.ultima_atualizacao", ">=")]


def test_a_pass_goes_on_where_it_was_left(ixc):
    ixc.put("cliente", *customers(1, 2 * PAGE_SIZE + 3))
    with connector.connect(account(ixc)) as source:
        begun = next(source.pull(Kind.CUSTOMERS, ""))
    rest = pages(ixc, cursor=begun.cursor)
    assert ids(rest)[0] == PAGE_SIZE + 1
    assert ids([begun, *rest]) == list(range(1, 2 * PAGE_SIZE + 3))


def test_a_bill_paid_is_found_also_where_the_change_column_was_not_kept(ixc):
    old = {"ultima_atualizacao": "2020-01-01 00:00:00", "data_emissao": "2020-01-01"}
    ixc.put("fn_areceber", {"id": 1, "status": "A", "liberado": "S", "valor": "99.90", **old})
    cursor = pages(ixc, Kind.RECEIVABLES)[-1].cursor
    today = stamp()[:10]
    ixc.put("fn_areceber", {"id": 1, "status": "R", "pagamento_data": today, **old})
    found = [row for page in pages(ixc, Kind.RECEIVABLES, cursor) for row in page.rows]
    assert [row[8:10] for row in found] == [("r", today)]


def test_what_is_open_is_read_anew_once_a_week(ixc):
    old = {"ultima_atualizacao": "2020-01-01 00:00:00", "liberado": "S", "valor": "99.90"}
    ixc.put("fn_areceber", {"id": 1, "status": "A", **old}, {"id": 2, "status": "R", **old})
    cursor = json.loads(pages(ixc, Kind.RECEIVABLES)[-1].cursor)
    assert ids(pages(ixc, Kind.RECEIVABLES, json.dumps(cursor))) == []
    again = pages(ixc, Kind.RECEIVABLES, json.dumps({**cursor, "whole": "2020-01-01T00:00:00"}))
    assert ids(again) == [1]
    assert json.loads(again[-1].cursor)["whole"] > "2020-01-01T00:00:00"


def test_only_the_branch_that_was_asked_for(ixc):
    ixc.put(
        "cliente",
        {"id": 1, "razao": "A", "filial_id": 1},
        {"id": 2, "razao": "B", "filial_id": 2},
    )
    assert ids(pages(ixc, settings={"filial": "2"})) == [2]


def test_the_city_comes_by_name(ixc):
    ixc.put("cliente", {"id": 1, "razao": "A", "cidade": 5270, "uf": 26})
    (page,) = pages(ixc)
    assert page.rows[0][page.columns.index("city")] == "São Paulo"
    assert page.rows[0][page.columns.index("state")] == "SP"


@pytest.mark.parametrize(
    ("fault", "error", "says"),
    [
        ({"status": 500}, TryLater, "está com problemas"),
        ({"status": 401}, Misconfigured, "recusou o token"),
        ({"status": 301}, Misconfigured, "código 301"),
        ({"status": 404}, Misconfigured, "código 404"),
        ({"cut": 20}, TryLater, "não é JSON válido"),
        ({"hang_up": True}, TryLater, "caiu antes do fim"),
        ({"html": True}, TryLater, "não é JSON"),
        ({"unordered": True}, TryLater, "ordem pedida"),
        ({"message": f"Sem permissão, cliente {CPF}"}, Misconfigured, "Sem permissão"),
    ],
)
def test_each_trouble_is_told_without_personal_data(ixc, fault, error, says, caplog):
    caplog.set_level(logging.DEBUG)
    ixc.put("cliente", *customers(1, 4))
    ixc.faults({"resource": "cliente", **fault})
    with pytest.raises(error, match=says) as raised:
        pages(ixc)
    told = str(raised.value) + caplog.text
    assert CPF not in told
    assert ixc.token not in told
    assert ids(pages(ixc)) == [1, 2, 3]  # the next attempt finds everything


def test_how_long_it_asks_to_wait_is_passed_on(ixc):
    ixc.faults({"status": 429, "wait": 30})
    with pytest.raises(TryLater) as raised:
        pages(ixc, Kind.CONTRACTS)
    assert raised.value.retry_after == 30


def test_a_slow_answer_is_given_up(ixc):
    ixc.faults({"resource": "cliente_contrato", "seconds": 5})
    with pytest.raises(TryLater, match="não respondeu a tempo"):
        pages(ixc, Kind.CONTRACTS, timeout=0.3)


def test_the_pace_is_kept(ixc, monkeypatch):
    slept = []
    monkeypatch.setattr("regua.connectors.http.time.sleep", slept.append)
    ixc.put("cliente_contrato", *[{"id": n, "id_cliente": 1} for n in range(1, 2 * PAGE_SIZE + 2)])
    assert len(pages(ixc, Kind.CONTRACTS, pause=60)) == 3
    assert [round(seconds) for seconds in slept] == [0, 60, 60]


@pytest.mark.parametrize(
    "url",
    ["http://ixc.exemplo.com.br", "https://10.1.2.3", "https://u:s@ixc.com.br", "ixc.com.br", ""],
)
def test_addresses_that_are_not_called(ixc, url):
    with pytest.raises(Misconfigured, match="sistema de gestão"):
        connector.connect(account(ixc, base_url=url))


def test_a_name_that_leads_to_the_internal_network_is_not_called(ixc, monkeypatch):
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: inside)
    with pytest.raises(Misconfigured, match="leva à rede interna"):
        pages(ixc, Kind.CONTRACTS, base_url="https://ixc.exemplo.com.br")
    assert not ixc.calls()


def test_the_address_may_be_given_with_the_webservices_path(ixc):
    ixc.put("cliente", *customers(1, 2))
    assert ids(pages(ixc, base_url=f"{ixc.url}/webservice/v1/")) == [1]


def test_the_check_reads_one_line_of_everything(ixc):
    with connector.connect(account(ixc)) as source:
        source.check()
    assert {call["resource"] for call in ixc.calls()} == {
        *("cliente", "cliente_contrato", "fn_areceber", "crm_canditados", "contato"),
        *("cidade", "uf"),
    }
    assert {call["body"]["rp"] for call in ixc.calls()} == {"1"}
