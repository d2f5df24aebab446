"""Why a step that is due is not taken, or is taken without its message: each code's sentence."""

from __future__ import annotations

from regua.compliance.rules import RULES

_RULES = {rule.code: rule.failure for rule in RULES}
_SENTENCES = {
    "customer.dunned": "O cliente está com Considera na cobrança automatizada em Não.",
    "customer.deceased": "O cliente faleceu.",
    "promise": "O cliente prometeu pagar, e o dia ainda não chegou.",
    "paid.said": "O cliente diz que já pagou; confira até o próximo contato.",
    "debt.disputed": "O cliente contesta o título.",
    "debt.awaiting": "O título aguarda a confirmação de um pagamento.",
    "debt.renegotiated": "O título foi renegociado.",
    "message.channel": "Nenhuma mensagem pode sair por este canal. Veja Parâmetros de cobrança.",
    "message.email": "Falta o e-mail do cliente.",
    "message.mobile": "Falta o celular do cliente.",
    "message.opt_out": "O cliente não quer mensagens por este canal.",
    "message.inactive": "O cliente está inativo, e mensagens a inativos estão em Não.",
    "listing.live": "O título já está negativado.",
    "switch.step": "Negativar automaticamente está em Não neste passo da régua.",
    "switch.general": "A análise de crédito está desligada nos Parâmetros gerais.",
    "switch.integration": "A filial não tem integração de análise de crédito.",
    "switch.archived": "A integração da filial foi arquivada.",
    "switch.environment": "O ambiente da integração é Homologação.",
    "switch.link": "A integração não está vinculada à filial.",
    "switch.automatic": "Incluir/Remover automaticamente está em Não na integração.",
    "switch.codes": "Os códigos da integração ainda não foram buscados no birô.",
    "switch.restriction_code": "Falta o código de restrição da integração, ou o birô o retirou.",
    "switch.company_restriction_code": (
        "Falta o código de restrição de pessoa jurídica, ou o birô o retirou."
    ),
    "switch.removal_code": "Falta o código para baixa da integração, ou o birô o retirou.",
}


def sentence(code: str) -> str:
    """What a person is told of ``code``; the gate's rules say what they say everywhere."""
    return _SENTENCES.get(code) or _RULES[code]
