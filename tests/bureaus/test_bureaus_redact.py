import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regua.bureaus.redact import mask_document, redact, redact_path, redact_text

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("document", "masked"),
    [
        ("52998224725", "***.982.247-**"),
        ("529.982.247-25", "***.982.247-**"),
        ("12ABC34501DE35", "**.ABC.345/****-**"),
        ("12.abc.345/01de-35", "**.ABC.345/****-**"),
        ("11222333000181", "**.222.333/****-**"),
        ("123", "***"),
        ("", ""),
    ],
)
def test_a_document_is_masked_and_stays_recognisable(document, masked):
    assert mask_document(document) == masked
    assert mask_document(masked) == masked


@pytest.mark.parametrize(
    "secret",
    [
        "52998224725",
        "529.982.247-25",
        "529982247-25",
        "529 982 247 25",
        "11222333000181",
        "11.222.333/0001-81",
        "12ABC34501DE35",
        "12.ABC.345/01DE-35",
        "12abc34501de35",
        "maria@exemplo.com.br",
        "(11) 98765-4321",
        "+55 11 98765-4321",
        "11987654321",
        "Bearer abc.DEF-123",
    ],
)
@pytest.mark.parametrize("around", ["{}", "o valor {} não serve", "ref:{};", "x_{}_y", "({})"])
def test_patterns_are_found_in_any_text(secret, around):
    shown = redact_text(around.format(secret))
    assert secret not in shown
    assert secret.removeprefix("Bearer ") not in shown


def test_a_document_cut_by_the_length_limit_does_not_show():
    assert "52998" not in redact_text("a " * 996 + "52998224725 fim" + " b" * 2000)
    assert "52998" not in redact_text("52998224725" * 1000)


def test_fields_are_masked_by_name():
    body = {
        "documento": "123",
        "nosso_numero": "NN-9",
        "client_secret": "x",
        "access_token": "y",
        "Data-Nascimento": "1980-02-29",
        "valor": "129.90",
        "devedor": {
            "nome": "Maria",
            "sexo": None,
            "celular": 11987654321,
            "endereco": {"numero": "2100", "cidade": "São Paulo", "geo": [1, 2]},
        },
    }
    assert redact(body) == {
        "documento": "***",
        "nosso_numero": "NN-9",
        "client_secret": "***",
        "access_token": "***",
        "Data-Nascimento": "***",
        "valor": "129.90",
        "devedor": {
            "nome": "***",
            "sexo": None,
            "celular": "***",
            "endereco": {"numero": "***", "cidade": "***", "geo": "***"},
        },
    }


def test_numbers_and_keys_can_be_documents_too():
    assert redact({"52998224725": 52998224725}) == {"***.982.247-**": "***.982.247-**"}
    assert redact({"valor": 1500, "taxa": 1.5}) == {"valor": 1500, "taxa": 1.5}


def test_long_lists_are_shortened():
    assert redact(list(range(500)))[-1] == "[… e mais 480]"


def test_paths_and_query_strings():
    shown = redact_path("/v1/negativacoes/529%2E982.247-25?documento=12ABC34501DE35&nome=Ana&x=1")
    assert shown == ("/v1/negativacoes/***.982.247-**?documento=**.ABC.345/****-**&nome=***&x=1")


@given(json_values)
def test_any_json_is_redacted_into_json_and_twice_is_once(value):
    once = redact(value)
    json.dumps(once)
    assert redact(once) == once


@given(
    st.from_regex(r"[0-9]{11}|[0-9A-Z]{12}[0-9]{2}", fullmatch=True),
    st.sampled_from(["a", "descricao", "itens"]),
)
def test_no_document_survives_in_any_position(document, name):
    body = {name: [f"doc {document}", {name: document}], document: document}
    assert document not in json.dumps(redact(body))
