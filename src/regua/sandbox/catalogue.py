"""What the bureau sells and the codes it knows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Product:
    code: str
    name: str
    person: str
    """F people, J companies, A both."""
    price: str


@dataclass(frozen=True)
class ReasonCode:
    code: str
    description: str
    person: str = "A"
    bureau_only: bool = False


PRODUCTS = {
    product.code: product
    for product in (
        Product("PF-BASICA", "Consulta básica de pessoa física", "F", "4.90"),
        Product("PF-SCORE", "Consulta de pessoa física com score", "F", "7.50"),
        Product("PJ-BASICA", "Consulta básica de empresa", "J", "9.90"),
        Product("PJ-COMPLETA", "Consulta completa de empresa", "J", "24.00"),
        Product("LOCALIZA", "Confirmação cadastral", "A", "1.90"),
    )
}

RESTRICTION_CODES = {
    code.code: code
    for code in (
        ReasonCode("TI", "Serviço de dados (internet)"),
        ReasonCode("TP", "Serviço de telefonia"),
        ReasonCode("TF", "Telefonia fixa"),
        ReasonCode("TM", "Telefonia móvel"),
        ReasonCode("OO", "Outras operações"),
        ReasonCode("NF", "Nota fiscal"),
        ReasonCode("DP", "Duplicata"),
        ReasonCode("TC", "Confissão de dívida"),
        ReasonCode("TR", "Renegociação de dívida"),
        ReasonCode("VM", "Venda de mercadoria"),
        ReasonCode("EE", "Energia elétrica"),
        ReasonCode("SB", "Água e saneamento"),
        ReasonCode("AL", "Aluguel"),
        ReasonCode("CD", "Crediário", "F"),
        ReasonCode("CP", "Crédito pessoal", "F"),
        ReasonCode("EG", "Empréstimo consignado", "F"),
        ReasonCode("ME", "Mensalidade escolar", "F"),
        ReasonCode("TD", "Título descontado", "J"),
    )
}

REMOVAL_CODES = {
    code.code: code
    for code in (
        ReasonCode("01", "Pagamento da dívida"),
        ReasonCode("02", "Renegociação da dívida"),
        ReasonCode("03", "Solicitação do cliente (inclusão indevida)"),
        ReasonCode("04", "Ordem judicial"),
        ReasonCode("05", "Correção de endereço"),
        ReasonCode("06", "Atualização de valor (valorização)"),
        ReasonCode("07", "Atualização de valor (pagamento parcial)"),
        ReasonCode("08", "Atualização de data"),
        ReasonCode("09", "Correção do nome"),
        ReasonCode("10", "Correção do número do contrato"),
        ReasonCode("11", "Correção de vários dados"),
        ReasonCode("13", "Motivo não identificado"),
        ReasonCode("16", "Mudança de titularidade"),
        ReasonCode("17", "Comunicado devolvido pelo correio"),
        ReasonCode("19", "Renegociação por acordo"),
        ReasonCode("20", "Pagamento por depósito bancário"),
        ReasonCode("25", "Devolução ou troca do bem"),
        ReasonCode("40", "Fraude"),
        ReasonCode("41", "Calamidade pública"),
        ReasonCode("43", "Baixa por negociação"),
        ReasonCode("44", "Falecimento"),
        ReasonCode("45", "Contestação"),
        ReasonCode("91", "Contestação acolhida pelo birô", bureau_only=True),
        ReasonCode("95", "Comunicado devolvido", bureau_only=True),
        ReasonCode("96", "Determinação judicial", bureau_only=True),
        ReasonCode("97", "Decurso de cinco anos", bureau_only=True),
    )
}
