"""What the bureau's codes and field names mean: the three tables behind the wire.

Removal codes follow the numbering that creditors of Brazilian bureaus know (the one of PEFIN);
refusals carry codes of the same family. A code that is not here is shown as it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from regua.bureaus.contract import Explanation, NeutralReason

REMOVAL_CODE_OF_REASON: Mapping[NeutralReason, str] = MappingProxyType(
    {
        NeutralReason.PAID: "01",
        NeutralReason.PARTIALLY_PAID: "07",
        NeutralReason.RENEGOTIATED: "19",
        NeutralReason.WRONGLY_LISTED: "03",
        NeutralReason.COURT_ORDER: "04",
        NeutralReason.CONTESTED: "45",
        NeutralReason.FRAUD: "40",
        NeutralReason.DECEASED: "44",
        NeutralReason.DATA_CORRECTION: "11",
        NeutralReason.LETTER_RETURNED: "17",
        NeutralReason.OWNERSHIP_CHANGE: "16",
        NeutralReason.DEBT_CANCELLED: "13",
    }
)
"""The code to send for each reason; five years have none, only the bureau may use it."""

_REASON_OF_BUREAU_ONLY_CODE = {
    "91": NeutralReason.CONTESTED,
    "95": NeutralReason.LETTER_RETURNED,
    "96": NeutralReason.COURT_ORDER,
    "97": NeutralReason.FIVE_YEARS,
}

REASON_OF_REMOVAL_CODE: Mapping[str, NeutralReason] = MappingProxyType(
    {code: reason for reason, code in REMOVAL_CODE_OF_REASON.items()} | _REASON_OF_BUREAU_ONLY_CODE
)

BUREAU_ONLY_REMOVAL_CODES = frozenset(
    {"00", *(str(code) for code in range(26, 31)), *(str(code) for code in range(86, 100))}
)


_FIX_NAME = "Corrija o nome do cliente como está na Receita Federal e envie de novo."
_FIX_DOCUMENT = "Confira o CPF ou CNPJ do cliente e envie de novo."
_FIX_ADDRESS = "Corrija o endereço do cliente e envie de novo."
_FIX_PHONE = "Corrija o celular do cliente, com DDD, e envie de novo."
_FIX_DUE_DATE = "Confira o vencimento do título; se estiver certo, ele não pode ser negativado."
_FIX_REASON = "Escolha na integração outro código de restrição para este tipo de pessoa."
_FIX_CONTRACT = "Confira o número do contrato no título e envie de novo."
_FIX_AMOUNT = "Confira o valor do título; se estiver certo, fale com o birô."
_STATE_LAW = "Negative por outro meio que a lei do estado aceite ou siga com a cobrança amigável."
_ASK_BUREAU = "Fale com o birô antes de tentar de novo."

EXPLANATIONS: Mapping[str, Explanation] = MappingProxyType(
    {
        "008": Explanation("a operação não é válida", _ASK_BUREAU),
        "011": Explanation("o nome do cliente não é válido", _FIX_NAME),
        "012": Explanation("falta o nome do cliente", _FIX_NAME),
        "014": Explanation("o vencimento não é válido", _FIX_DUE_DATE),
        "016": Explanation("o vencimento está no futuro", _FIX_DUE_DATE),
        "017": Explanation("a dívida já passou de cinco anos", _FIX_DUE_DATE),
        "022": Explanation(
            "não há negativação a baixar", "Confira na conciliação o que o birô tem deste título."
        ),
        "029": Explanation("o documento não é válido", _FIX_DOCUMENT),
        "035": Explanation("o código de restrição não serve para este cliente", _FIX_REASON),
        "036": Explanation("o código de restrição não serve para empresas", _FIX_REASON),
        "057": Explanation("o valor não é válido", _FIX_AMOUNT),
        "059": Explanation(
            "esta dívida já está negativada",
            "Confira na conciliação o que o birô tem deste título.",
        ),
        "085": Explanation("o contrato não é válido", _FIX_CONTRACT),
        "089": Explanation("a empresa não participa deste serviço", _ASK_BUREAU),
        "102": Explanation("falta o número do contrato", _FIX_CONTRACT),
        "105": Explanation("há um bloqueio administrativo", _ASK_BUREAU),
        "109": Explanation("o endereço não é válido", _FIX_ADDRESS),
        "111": Explanation("a UF não é válida", _FIX_ADDRESS),
        "112": Explanation("falta o CEP", _FIX_ADDRESS),
        "119": Explanation("o CEP não é válido", _FIX_ADDRESS),
        "120": Explanation("falta o sexo do cliente", "Preencha o campo e envie de novo."),
        "121": Explanation(
            "o cliente tem menos de 18 anos", "Menores não podem ser negativados; siga sem o birô."
        ),
        "156": Explanation(
            "o vencimento é recente demais", "Espere o prazo mínimo do birô e envie de novo."
        ),
        "274": Explanation("o CNPJ não existe na Receita Federal", _FIX_DOCUMENT),
        "275": Explanation("o CPF não existe na Receita Federal", _FIX_DOCUMENT),
        "286": Explanation(
            "credor, devedor e coobrigado não são pessoas diferentes", _FIX_DOCUMENT
        ),
        "295": Explanation("o nome não confere com o CNPJ", _FIX_NAME),
        "296": Explanation("o nome não confere com o CPF", _FIX_NAME),
        "308": Explanation("consta que o cliente faleceu", "Não envie de novo; trate do espólio."),
        "330": Explanation("consta que o cliente faleceu", "Não envie de novo; trate do espólio."),
        "359": Explanation("o DDD não é válido", _FIX_PHONE),
        "360": Explanation("o celular não é válido", _FIX_PHONE),
        "381": Explanation("o valor é considerado alto demais", _FIX_AMOUNT),
        "390": Explanation("o acesso está bloqueado", _ASK_BUREAU),
        "396": Explanation("o valor é considerado alto demais", _FIX_AMOUNT),
        "491": Explanation("o CEP não confere com a cidade ou a UF", _FIX_ADDRESS),
        "575": Explanation(
            "o e-mail não é válido", "Corrija o e-mail do cliente, ou apague-o, e envie de novo."
        ),
        "576": Explanation("o celular não é válido para SMS", _FIX_PHONE),
        "610": Explanation(
            "a inclusão exige o documento da dívida",
            "Junte o contrato ou a nota e envie ao birô antes de tentar de novo.",
        ),
        "739": Explanation("o envio por SMS não está contratado", _ASK_BUREAU),
        "740": Explanation("o celular não existe", _FIX_PHONE),
        "772": Explanation("a Lei 3.335/2004 do Distrito Federal não permite", _STATE_LAW),
        "773": Explanation("a Lei 7.160/2002 do Espírito Santo não permite", _STATE_LAW),
        "774": Explanation("a Lei 3.749/2009 de Mato Grosso do Sul não permite", _STATE_LAW),
        "775": Explanation("a Lei 4.054/2011 de Mato Grosso do Sul não permite", _STATE_LAW),
        "779": Explanation("a Lei 11.150/2020 de Mato Grosso não permite", _STATE_LAW),
        "780": Explanation("a Lei 4.793/2020 de Rondônia não permite", _STATE_LAW),
        "796": Explanation("uma regra da ARSESP não permite", _STATE_LAW),
        "799": Explanation(
            "só o próprio birô pode usar este código de baixa", "Escolha outro código de baixa."
        ),
        "917": Explanation(
            "há uma decisão judicial que impede a inclusão", "Leve o caso ao jurídico."
        ),
    }
)

# The fields a 422 may name → the same field in the words of the contract, and on screen.
FIELDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "documento": ("document", "Documento"),
        "produto": ("product", "Produto"),
        "referencia": ("reference", "Referência"),
        "codigo_restricao": ("reason_code", "Código de restrição"),
        "codigo_baixa": ("removal_code", "Código de baixa"),
        "data": ("on", "Data da baixa"),
        "contrato": ("contract", "Contrato"),
        "nosso_numero": ("our_number", "Nosso número"),
        "valor": ("amount", "Valor"),
        "vencimento": ("due_date", "Vencimento"),
        "credor": ("creditor_document", "CNPJ da filial"),
        "credor.documento": ("creditor_document", "CNPJ da filial"),
        "devedor": ("debtor", "Cliente"),
        "devedor.documento": ("debtor.document", "CPF ou CNPJ do cliente"),
        "devedor.nome": ("debtor.name", "Nome do cliente"),
        "devedor.sexo": ("debtor.sex", "Sexo"),
        "devedor.nascimento": ("debtor.birth_date", "Data de nascimento"),
        "devedor.celular": ("debtor.mobile", "Celular"),
        "devedor.email": ("debtor.email", "E-mail"),
        "devedor.endereco": ("debtor.address", "Endereço"),
        "devedor.endereco.cep": ("debtor.address.postal_code", "CEP"),
        "devedor.endereco.logradouro": ("debtor.address.street", "Logradouro"),
        "devedor.endereco.numero": ("debtor.address.number", "Número do endereço"),
        "devedor.endereco.complemento": ("debtor.address.complement", "Complemento"),
        "devedor.endereco.bairro": ("debtor.address.district", "Bairro"),
        "devedor.endereco.cidade": ("debtor.address.city", "Cidade"),
        "devedor.endereco.uf": ("debtor.address.state", "UF"),
        "coobrigado": ("co_debtor", "Coobrigado"),
        "coobrigado.documento": ("co_debtor.document", "CPF ou CNPJ do coobrigado"),
        "coobrigado.nome": ("co_debtor.name", "Nome do coobrigado"),
        "coobrigado.sexo": ("co_debtor.sex", "Sexo do coobrigado"),
        "coobrigado.nascimento": ("co_debtor.birth_date", "Data de nascimento do coobrigado"),
        "coobrigado.celular": ("co_debtor.mobile", "Celular do coobrigado"),
        "coobrigado.email": ("co_debtor.email", "E-mail do coobrigado"),
        "coobrigado.endereco": ("co_debtor.address", "Endereço do coobrigado"),
        "coobrigado.endereco.cep": ("co_debtor.address.postal_code", "CEP do coobrigado"),
        "coobrigado.endereco.logradouro": ("co_debtor.address.street", "Logradouro do coobrigado"),
        "coobrigado.endereco.numero": (
            "co_debtor.address.number",
            "Número do endereço do coobrigado",
        ),
        "coobrigado.endereco.complemento": (
            "co_debtor.address.complement",
            "Complemento do coobrigado",
        ),
        "coobrigado.endereco.bairro": ("co_debtor.address.district", "Bairro do coobrigado"),
        "coobrigado.endereco.cidade": ("co_debtor.address.city", "Cidade do coobrigado"),
        "coobrigado.endereco.uf": ("co_debtor.address.state", "UF do coobrigado"),
    }
)
