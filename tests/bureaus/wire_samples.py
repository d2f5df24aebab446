"""Requests and bodies that the tests of the adapter share."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from regua.bureaus.contract import Address, Debtor, InquiryRequest, ListingRequest

CPF = "52998224725"
CNPJ = "12ABC34501DE35"
NAME = "Maria Aparecida Quintela"

INQUIRY = InquiryRequest(document=CPF, product="PF-BASICA", reference="C-1")

LISTING = ListingRequest(
    reference="R-1",
    reason_code="TI",
    contract="CT-77",
    our_number="NN-9",
    amount=Decimal("129.90"),
    due_date=date(2026, 8, 10),
    creditor_document=CNPJ,
    debtor=Debtor(
        document=CPF,
        name=NAME,
        sex="F",
        birth_date=date(1980, 2, 29),
        mobile="11987654321",
        email="maria@exemplo.com.br",
        address=Address(
            postal_code="01310930",
            street="Avenida Paulista",
            number="2100",
            complement="",
            district="Bela Vista",
            city="São Paulo",
            state="SP",
        ),
    ),
)


def listing_row(**changes: Any) -> dict[str, Any]:
    return {
        "protocolo": "N-1",
        "referencia": "R-1",
        "documento": CPF,
        "contrato": "CT-77",
        "valor": "129.90",
        "vencimento": "2026-08-10",
        "situacao": "ATIVA",
        "codigo": None,
        "mensagem": None,
        "comunicado_em": "2026-11-01",
        "visivel_em": "2026-11-11",
        "baixada_em": None,
        "codigo_baixa": None,
        "versao": 3,
        "alterada_em": "2026-11-11T03:00:00Z",
        "campo_novo": {"qualquer": 1},
    } | changes


def report(**changes: Any) -> dict[str, Any]:
    return {
        "protocolo": "C-9",
        "documento": CPF,
        "produto": "PF-BASICA",
        "nome": NAME,
        "situacao_documento": "REGULAR",
        "nascimento": "1980-02-29",
        "score": {"valor": 412, "faixa": "C", "probabilidade_inadimplencia": "0.12"},
        "pendencias": [
            {
                "tipo": "PROTESTO",
                "credor": "Loja Um",
                "valor": "1000.10",
                "data": "2025-01-02",
                "contrato": "9",
                "origem": "1º Tabelião",
            }
        ],
        "consultas_anteriores": [{"data": "2026-10-01", "segmento": "TELECOM"}],
        "valor_total_pendencias": "1000.10",
        "gerado_em": "2026-11-18T14:21:33-03:00",
    } | changes
