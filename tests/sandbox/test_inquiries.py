from __future__ import annotations

import re

import pytest

from regua.sandbox.documents import is_cnpj, is_cpf
from regua.sandbox.people import BEHAVIOURS, behaviour_of, example_documents

from .creditor import Creditor, cpf_that, ordinary_cpf
from .server import Sandbox, wait_until

REPORT_FIELDS = {
    "protocolo", "documento", "produto", "nome", "situacao_documento", "score", "pendencias",
    "consultas_anteriores", "valor_total_pendencias", "gerado_em",
}  # fmt: skip


def test_known_check_digits() -> None:
    assert is_cpf("52998224725")
    assert is_cnpj("11222333000181")
    assert is_cnpj("12ABC34501DE35")  # the example of the Receita Federal
    assert not is_cnpj("12ABC34501DE34")
    assert not is_cpf("11111111111")


@pytest.mark.parametrize("code", BEHAVIOURS)
def test_examples_are_valid_and_behave(code: str) -> None:
    cpf, cnpj, lettered = example_documents(code)
    assert is_cpf(cpf)
    assert is_cnpj(cnpj)
    assert is_cnpj(lettered)
    assert {behaviour_of(document).code for document in (cpf, cnpj, lettered)} == {code}


def test_report_has_what_the_contract_promises(creditor: Creditor) -> None:
    answer = creditor.ask(cpf_that("003"), "PF-SCORE")
    report = answer.json()
    assert answer.status_code == 200
    assert set(report) >= REPORT_FIELDS | {"nascimento"}
    total = sum(int(item["valor"].replace(".", "")) for item in report["pendencias"])
    assert total == int(report["valor_total_pendencias"].replace(".", "")) > 0
    assert re.fullmatch(r"0\.\d\d", report["score"]["probabilidade_inadimplencia"])
    assert creditor.get(f"/v1/consultas/{report['protocolo']}").json() == report


def test_companies_have_an_opening_date(creditor: Creditor) -> None:
    for document in example_documents("001")[1:]:
        report = creditor.ask(document, "PJ-COMPLETA").json()
        assert "abertura" in report
        assert report["situacao_documento"] == "ATIVA"
        assert report["score"]["faixa"] == "A"


def test_the_document_decides_everything(creditor: Creditor) -> None:
    document = ordinary_cpf()
    first, second = creditor.ask(document).json(), creditor.ask(document).json()
    for changing in ("protocolo", "gerado_em"):
        assert first.pop(changing) != second.pop(changing)
    assert first == second


def test_asynchronous_report(creditor: Creditor) -> None:
    asked = creditor.ask(cpf_that("004"))
    assert (asked.status_code, asked.json()["situacao"]) == (202, "PROCESSANDO")
    path = f"/v1/consultas/{asked.json()['protocolo']}"
    wait_until(lambda: creditor.get(path).status_code == 200)
    never = creditor.ask(cpf_that("014")).json()["protocolo"]
    assert creditor.get(f"/v1/consultas/{never}").status_code == 202


@pytest.mark.parametrize(("code", "status"), [("010", 402), ("011", 403)])
def test_refused_documents_are_not_charged(
    sandbox: Sandbox, creditor: Creditor, code: str, status: int
) -> None:
    assert creditor.ask(cpf_that(code)).status_code == status
    assert sandbox.charges() == []


def test_no_score_and_irregular(creditor: Creditor) -> None:
    assert creditor.ask(cpf_that("009")).json()["score"] is None
    assert creditor.ask(cpf_that("005")).json()["situacao_documento"] == "SUSPENSA"


def test_every_inquiry_is_charged_once(sandbox: Sandbox, creditor: Creditor) -> None:
    document = ordinary_cpf()
    first = creditor.ask(document, key="a")
    assert creditor.ask(document, key="a").json() == first.json()
    creditor.ask(document, key="b")
    charged = sandbox.charges()
    assert [charge["preco"] for charge in charged] == ["1.90", "1.90"]
    assert charged[0]["protocolo"] == first.json()["protocolo"]


def test_validation_tells_all_at_once(creditor: Creditor) -> None:
    answer = creditor.post("/v1/consultas", {"documento": "123", "produto": "", "referencia": ""})
    assert answer.status_code == 422
    fields = {item["campo"]: item["codigo"] for item in answer.json()["campos"]}
    assert fields == {"documento": "029", "produto": "008", "referencia": "008"}
    assert creditor.ask(ordinary_cpf(), "PJ-BASICA").status_code == 422
    assert creditor.ask(ordinary_cpf(), "INEXISTENTE").status_code == 403


def test_pdf_is_well_formed(creditor: Creditor) -> None:
    protocol = creditor.ask(cpf_that("003")).json()["protocolo"]
    answer = creditor.get(f"/v1/consultas/{protocol}/pdf")
    pdf = answer.content
    assert answer.headers["content-type"] == "application/pdf"
    assert protocol.encode() in pdf
    table = int(pdf.rsplit(b"startxref\n", 1)[1].split()[0])
    assert pdf[table:].startswith(b"xref\n0 6\n")
    for number, offset in enumerate(re.findall(rb"(\d{10}) 00000 n ", pdf), 1):
        assert pdf[int(offset) :].startswith(b"%d 0 obj" % number)


def test_catalogue(creditor: Creditor) -> None:
    assert {"codigo", "nome", "tipo_pessoa", "preco"} <= set(creditor.get("/v1/produtos").json()[0])
    restrictions = {item["codigo"] for item in creditor.get("/v1/codigos/restricao").json()}
    assert {"TI", "TP", "OO", "NF", "DP"} <= restrictions
    removals = {item["codigo"] for item in creditor.get("/v1/codigos/baixa").json()}
    assert {"01", "91", "95", "96", "97"} <= removals
