"""The six things that can be imported: their fields, and what files call these."""

from __future__ import annotations

from regua.accounts.permissions import Permission
from regua.imports.fields import Field, Kind, Type
from regua.parties.models import STATES

_YES_NO = {
    **dict.fromkeys(("s", "sim", "1", "true", "verdadeiro", "t", "y", "yes", "x"), "true"),
    **dict.fromkeys(("n", "não", "nao", "0", "false", "falso", "f", "no"), "false"),
}
_ID = Field(
    "external_id",
    "Identificador externo",
    aliases=("ID", "Código", "Cód.", "ID externo", "Identificador", "Código do sistema"),
    length=64,
    example="1001",
)


def _document(*, required: bool) -> Field:
    return Field(
        "document",
        "CPF ou CNPJ",
        Type.DOCUMENT,
        ("cnpj_cpf", "CPF/CNPJ", "CNPJ/CPF", "cpf_cnpj", "CPF", "CNPJ", "Documento"),
        required=required,
        example="390.533.447-05",
    )


_CUSTOMER = (
    Field(
        "customer_document",
        "CPF ou CNPJ do cliente",
        Type.DOCUMENT,
        (
            *("cnpj_cpf", "CPF/CNPJ", "CNPJ/CPF", "cpf_cnpj", "CPF ou CNPJ", "CPF", "CNPJ"),
            *("Documento do cliente", "CPF/CNPJ do cliente", "CPF do cliente", "CPF do sacado"),
        ),
        example="390.533.447-05",
    ),
    Field(
        "customer_external_id",
        "Identificador externo do cliente",
        aliases=("id_cliente", "ID do cliente", "ID cliente", "Código do cliente", "Cód. cliente"),
        length=64,
    ),
)
_PARTY = (
    Field(
        "name",
        "Nome ou razão social",
        aliases=("razao", "Nome", "Razão social", "Cliente", "Nome do cliente", "Nome completo"),
        required=True,
        length=120,
        example="Maria Exemplo da Silva",
    ),
    Field(
        "sex",
        "Sexo",
        Type.CHOICE,
        ("Gênero",),
        choices={"f": "F", "feminino": "F", "m": "M", "masculino": "M"},
        example="F",
    ),
    Field(
        "birth_date",
        "Data de nascimento",
        Type.DATE,
        ("data_nascimento", "Nascimento", "Dt. nascimento", "Dt. nasc."),
        example="12/04/1985",
    ),
    Field(
        "mobile",
        "Telefone celular",
        Type.PHONE,
        ("telefone_celular", "Celular", "Telefone", "Fone", "WhatsApp"),
        example="(11) 98765-4321",
    ),
    Field("email", "E-mail", Type.EMAIL, ("Correio eletrônico",), length=254, example=""),
    Field("postal_code", "CEP", Type.CEP, ("Código postal",), example="01310-100"),
    Field(
        "street",
        "Endereço",
        aliases=("endereco", "Logradouro", "Rua"),
        length=120,
        example="Avenida Paulista",
    ),
    Field("number", "Número", aliases=("numero", "Nº", "Núm.", "Num"), length=10, example="1000"),
    Field("complement", "Complemento", aliases=("complemento", "Compl."), length=60),
    Field("district", "Bairro", aliases=("bairro",), length=60, example="Bela Vista"),
    Field("city", "Cidade", aliases=("cidade", "Município"), length=60, example="São Paulo"),
    Field(
        "state",
        "UF",
        Type.CHOICE,
        ("uf", "Estado"),
        choices={code.lower(): code for code, _ in STATES},
        example="SP",
    ),
)
_OUR_NUMBER = Field(
    "our_number",
    "Nosso número",
    aliases=("nn_boleto", "Nosso Nº", "Nosso Num", "nosso_numero"),
    length=20,
    example="00012345",
)
_PAID_ON = Field(
    "paid_on",
    "Data do pagamento",
    Type.DATE,
    ("pagamento_data", "Pago em", "Pagamento", "Dt. pagamento", "Data pagamento", "data_pagamento"),
    example="10/11/2026",
)
_AVAILABLE_ON = Field(
    "available_on",
    "Data do crédito",
    Type.DATE,
    ("credito_data", "Disponível em", "Crédito", "Dt. crédito", "Data crédito", "data_credito"),
    example="11/11/2026",
)

CUSTOMERS = Kind(
    "customers",
    "Clientes",
    "cliente",
    (Permission.EDIT_PARTIES,),
    (
        _ID,
        _document(required=True),
        *_PARTY,
        Field(
            "active",
            "Ativo",
            Type.BOOLEAN,
            ("ativo", "Situação", "Status"),
            choices=_YES_NO | {"ativo": "true", "inativo": "false"},
            example="Sim",
        ),
        Field(
            "dunned",
            "Considera na cobrança automatizada",
            Type.BOOLEAN,
            ("participa_cobranca", "Cobrança automatizada"),
            choices=_YES_NO,
        ),
    ),
)
LEADS = Kind(
    "leads",
    "Leads",
    "lead",
    (Permission.EDIT_POTENTIALS,),
    (_ID, _document(required=False), *_PARTY),
    one_of=(("external_id", "document"),),
)
PROSPECTS = Kind(
    "prospects",
    "Prospecções",
    "prospecção",
    (Permission.EDIT_POTENTIALS,),
    (_ID, _document(required=False), *_PARTY),
    one_of=(("external_id", "document"),),
)
CONTRACTS = Kind(
    "contracts",
    "Contratos",
    "contrato",
    (Permission.EDIT_PARTIES, Permission.EDIT_RECEIVABLES),
    (
        _ID,
        *_CUSTOMER,
        Field(
            "number",
            "Contrato",
            aliases=("Número do contrato", "Nº do contrato", "Número", "numero_contrato"),
            required=True,
            length=20,
            example="C1001",
        ),
        Field(
            "kind",
            "Tipo",
            Type.CHOICE,
            ("Tipo do contrato", "Serviço"),
            choices={
                **dict.fromkeys(("telecom", "telecomunicações", "telecomunicacoes"), "telecom"),
                **dict.fromkeys(("internet", "scm"), "telecom"),
                **dict.fromkeys(("other", "outros", "outro", "outros serviços"), "other"),
            },
            example="Telecom",
        ),
        Field(
            "started_on",
            "Início",
            Type.DATE,
            ("data_ativacao", "Data de início", "Ativação", "Data de ativação"),
            example="05/01/2024",
        ),
        Field(
            "suspended_on",
            "Suspensão",
            Type.DATE,
            ("Data de suspensão", "Bloqueio", "Data de bloqueio", "Suspenso em"),
        ),
        Field(
            "ended_on",
            "Rescisão",
            Type.DATE,
            ("data_cancelamento", "Data de rescisão", "Cancelamento", "Rescindido em"),
        ),
    ),
    one_of=(("customer_document", "customer_external_id"),),
)
RECEIVABLES = Kind(
    "receivables",
    "Títulos",
    "título",
    (Permission.EDIT_RECEIVABLES, Permission.RECORD_PAYMENT),
    (
        _ID,
        *_CUSTOMER,
        Field(
            "contract_number",
            "Contrato",
            aliases=("Número do contrato", "Nº do contrato", "numero_contrato"),
            length=20,
            example="C1001",
        ),
        Field(
            "contract_external_id",
            "Identificador externo do contrato",
            aliases=("id_contrato", "ID do contrato", "ID contrato", "Código do contrato"),
            length=64,
        ),
        Field(
            "number",
            "Título",
            aliases=("documento", "Número do título", "Nº do documento", "Número", "Fatura"),
            length=20,
            example="T1001-01",
        ),
        _OUR_NUMBER,
        Field(
            "due_date",
            "Vencimento",
            Type.DATE,
            ("data_vencimento", "Data de vencimento", "Dt. vencimento", "Venc."),
            required=True,
            example="10/11/2026",
        ),
        Field(
            "amount",
            "Valor",
            Type.MONEY,
            ("valor", "Valor do título", "Valor original", "Valor (R$)", "Valor nominal"),
            required=True,
            example="129,90",
        ),
        Field(
            "open_amount",
            "Valor em aberto",
            Type.MONEY,
            ("valor_aberto", "Em aberto", "Saldo", "Saldo devedor"),
            example="129,90",
        ),
        Field(
            "status",
            "Situação",
            Type.CHOICE,
            ("status", "Situação do título"),
            choices={
                **dict.fromkeys(("a", "open", "aberto", "em aberto", "a receber"), "open"),
                **dict.fromkeys(("p", "partial", "parcial", "pago em parte"), "partial"),
                **dict.fromkeys(("r", "received", "recebido", "pago", "quitado"), "received"),
                **dict.fromkeys(("c", "cancelled", "cancelado"), "cancelled"),
            },
            example="Em aberto",
        ),
        Field(_PAID_ON.name, _PAID_ON.label, Type.DATE, _PAID_ON.aliases),
        Field(_AVAILABLE_ON.name, _AVAILABLE_ON.label, Type.DATE, _AVAILABLE_ON.aliases),
        Field(
            "renegotiated",
            "Renegociado",
            Type.BOOLEAN,
            ("titulo_renegociado",),
            choices=_YES_NO,
            example="Não",
        ),
        Field(
            "awaiting_confirmation",
            "Aguardando confirmação",
            Type.BOOLEAN,
            ("aguardando_confirmacao_pagamento",),
            choices=_YES_NO,
        ),
    ),
    one_of=(
        ("customer_document", "customer_external_id"),
        ("our_number", "external_id", "number"),
    ),
)
PAYMENTS = Kind(
    "payments",
    "Pagamentos",
    "pagamento",
    (Permission.RECORD_PAYMENT,),
    (
        _ID,
        Field(
            "receivable_external_id",
            "Identificador externo do título",
            aliases=("id_areceber", "id_receber", "ID do título", "Código do título"),
            length=64,
        ),
        _OUR_NUMBER,
        Field(
            "amount",
            "Valor pago",
            Type.MONEY,
            ("valor_recebido", "Valor recebido", "Valor", "Valor do pagamento"),
            required=True,
            example="129,90",
        ),
        Field(
            _PAID_ON.name,
            _PAID_ON.label,
            Type.DATE,
            (*_PAID_ON.aliases, "Data"),
            required=True,
            example=_PAID_ON.example,
        ),
        _AVAILABLE_ON,
    ),
    one_of=(("receivable_external_id", "our_number"),),
)

KINDS = (CUSTOMERS, LEADS, PROSPECTS, CONTRACTS, RECEIVABLES, PAYMENTS)
BY_SLUG = {kind.slug: kind for kind in KINDS}
