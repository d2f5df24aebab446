"""IXC's records in our words, however badly they were typed."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regua.connectors.ixc import mapping
from regua.imports.kinds import BY_SLUG

PLACES = {"5270": ("São Paulo", "SP")}
MAPPINGS: dict[str, tuple[tuple[str, ...], Any]] = {
    "customers": (mapping.CUSTOMER, lambda r: mapping.customer(r, places=PLACES)),
    "prospects": (mapping.PROSPECT, lambda r: mapping.prospect(r, places=PLACES)),
    "leads": (mapping.LEAD, lambda r: mapping.lead(r, places=PLACES)),
    "contracts": (mapping.CONTRACT, mapping.contract),
    "receivables": (mapping.RECEIVABLE, mapping.receivable),
}
NAMES = (
    "id razao nome cnpj_cpf sexo data_nascimento telefone_celular whatsapp email cep endereco"
    " numero complemento bairro cidade uf ativo crm status_prospeccao lead id_cliente id_prospeccao"
    " status status_internet data_ativacao data_cancelamento dt_ult_bloq_auto valor valor_aberto"
    " data_vencimento pagamento_data credito_data baixa_data nn_boleto documento liberado previsao"
).split()
SAID = st.one_of(
    st.text(max_size=300),
    st.sampled_from("S N A R P C 0 0.00 1e9 NaN 31/02/2026 0000-00-00 2026-11-24 5270 I D".split()),
)


def mapped(kind: str, **record: str) -> dict[str, str]:
    columns, row = MAPPINGS[kind]
    return dict(zip(columns, row(record), strict=True))


def test_every_column_is_a_field_of_its_kind_or_says_what_it_became() -> None:
    became = {"prospects": {"customer_external_id"}, "leads": {"prospect_external_id"}}
    for kind, (columns, _) in MAPPINGS.items():
        known = {field.name for field in BY_SLUG[kind].fields}
        assert set(columns) - known == became.get(kind, set())


@pytest.mark.parametrize("kind", MAPPINGS)
@settings(max_examples=150, deadline=None)
@given(record=st.dictionaries(st.sampled_from(NAMES), SAID))
def test_whatever_was_typed_is_a_row_or_nothing(kind: str, record: dict[str, str]) -> None:
    columns, row = MAPPINGS[kind]
    found = row(record)
    assert found is None or [type(cell) for cell in found] == [str] * len(columns)


def test_what_makes_no_sense_does_not_keep_a_customer_out() -> None:
    row = mapped(
        "customers",
        id="7",
        razao="  Ana   Souza ",
        cnpj_cpf="529.982.247-25",
        telefone_celular="9876",
        whatsapp="+55 (11) 98765-4321",
        email="não tem",
        cep="123",
        data_nascimento="31/02/1980",
        sexo="PNI",
        uf="26",
        cidade="5270",
    )
    assert row == {
        **dict.fromkeys(mapping.CUSTOMER, ""),
        "external_id": "7",
        "name": "Ana Souza",
        "document": "529.982.247-25",
        "mobile": "11987654321",
        "city": "São Paulo",
        "state": "SP",
        "active": "true",
        "dunned": "true",
    }


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"status": "A", "valor": "10.5", "valor_aberto": "9.00"}, ("a", "10.50", "10.50", "")),
        (
            {"status": "R", "valor": "10", "baixa_data": "24/11/2026"},
            ("r", "10.00", "", "2026-11-24"),
        ),
        (
            {"status": "R", "valor": "10", "ultima_atualizacao": "2026-11-24 10:00:00"},
            ("r", "10.00", "", "2026-11-24"),
        ),
        ({"status": "P", "valor": "10", "valor_aberto": "4"}, ("p", "10.00", "4.00", "")),
        ({"status": "C", "valor": "10", "valor_aberto": "0.00"}, ("c", "10.00", "", "")),
    ],
)
def test_what_a_bill_says_of_itself(record: dict[str, str], expected: tuple[str, ...]) -> None:
    row = mapped("receivables", id="1", **record)
    assert (row["status"], row["amount"], row["open_amount"], row["paid_on"]) == expected


@pytest.mark.parametrize(
    "record",
    [{"liberado": "N"}, {"previsao": "S"}, {"valor": "0"}],
)
def test_what_nobody_owes_is_no_bill(record: dict[str, str]) -> None:
    assert mapping.receivable({"id": "1", "status": "A", "valor": "10", **record}) is None


def test_money_that_is_there_before_it_was_paid_is_not_believed() -> None:
    row = mapped(
        "receivables", id="1", status="R", pagamento_data="2026-11-24", credito_data="2026-11-20"
    )
    assert (row["paid_on"], row["available_on"]) == ("2026-11-24", "")
