"""What a file's headers are taken for, and that every problem has its words."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from regua.imports import targets, wording
from regua.imports.fields import Kind
from regua.imports.kinds import BY_SLUG, KINDS
from regua.imports.reading import flaw


def test_usual_headers_are_recognised() -> None:
    ixc = ["id", "id_cliente", "id_contrato", "documento", "nn_boleto", "data_vencimento", "valor"]
    more = ["valor_aberto", "status", "pagamento_data", "credito_data", "titulo_renegociado"]
    found = BY_SLUG["receivables"].recognise([*ixc, *more])
    assert list(found) == [
        *("external_id", "customer_external_id", "contract_external_id", "number", "our_number"),
        *("due_date", "amount", "open_amount", "status", "paid_on", "available_on"),
        "renegotiated",
    ]
    people = ["CPF / CNPJ", "RAZÃO SOCIAL", "e-mail", "Endereço", "Nº", "Cidade", "uf", "Obs"]
    assert list(BY_SLUG["customers"].recognise(people)) == [
        *("document", "name", "email", "street", "number", "city", "state")
    ]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.slug)
def test_a_kind_knows_its_own_template(kind: Kind) -> None:
    labels = [field.label for field in kind.fields]
    assert kind.recognise(labels) == {field.name: n for n, field in enumerate(kind.fields)}
    assert kind.missing(kind.recognise(labels)) == []


def test_every_problem_has_its_words() -> None:
    codes = set()
    for file in (resources.files("regua.imports") / "sql").iterdir():
        codes |= set(re.findall(r"'(?:[a-z_]+|\$[a-z_]+):([a-z_]+)'", file.read_text("utf-8")))
    source = (resources.files("regua.imports") / "targets.py").read_text("utf-8")
    codes |= set(re.findall(r":([a-z_]+)'", source))
    assert len(codes) > 20
    for code in codes:
        assert all(wording.sentences(BY_SLUG["receivables"], "amount", code)), code
    for kind in KINDS:
        for field in kind.fields:
            for code in re.findall(r":([a-z]+)'", flaw("t", "v", field)):
                assert all(wording.sentences(kind, field.name, code))
    assert targets.parts
