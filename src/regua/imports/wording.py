"""What is wrong with a line, and how to mend it, for the person who wrote the file."""

from __future__ import annotations

from regua.imports.fields import Field, Kind, Type

_UNREADABLE = {
    Type.EMAIL: ("Não é um e-mail.", "Escreva como nome@exemplo.com.br."),
    Type.DATE: ("Não é uma data que exista.", "Escreva como 31/12/2026 ou 2026-12-31."),
    Type.MONEY: ("Não é um valor.", "Escreva como 1.234,56 ou 1234.56."),
    Type.DOCUMENT: (
        "Não é um CPF nem um CNPJ válido.",
        "Confira os dígitos; uma planilha pode ter tirado os zeros do começo.",
    ),
    Type.PHONE: ("Não é um telefone.", "Escreva o DDD e 8 ou 9 números."),
    Type.CEP: ("Não é um CEP.", "Escreva os 8 números, como 01310-100."),
    Type.BOOLEAN: ("Não é Sim nem Não.", "Escreva Sim ou Não."),
}
SENTENCES = {
    "width": (
        "A linha não tem o mesmo número de colunas que o cabeçalho.",
        "Ponha entre aspas o texto que tem o separador ou uma quebra de linha.",
    ),
    "missing": ("Está vazio e é preciso.", "Preencha."),
    "needed": (
        "Está vazio, e o identificador externo é longo demais para ocupar o lugar.",
        "Preencha com até 20 caracteres.",
    ),
    "implausible": ("A data está fora do possível.", "Confira o ano; fatos não ficam no futuro."),
    "future": ("A data está no futuro.", "Escreva quando acontecer."),
    "unidentified": (
        "Nada diz de quem ou do que se trata.",
        "Preencha o identificador externo, ou o documento ou número.",
    ),
    "repeated": (
        "O mesmo aparece em mais de uma linha deste arquivo.",
        "Deixe só a linha certa; pagamentos iguais no mesmo dia precisam de identificador externo.",
    ),
    "taken": (
        "Isto já pertence a outro cadastro, e não ao do identificador externo desta linha.",
        "Confira qual dos dois está certo.",
    ),
    "other": (
        "O cadastro que já existe aqui tem outro.",
        "Confira se é mesmo o mesmo; se for, corrija um dos lados.",
    ),
    "unknown": (
        "Não existe nesta filial.",
        "Importe antes o cadastro que falta, ou escolha a outra filial.",
    ),
    "no_contract": (
        "O cliente não tem um contrato só, e a linha não diz qual.",
        "Importe antes os contratos, ou acrescente a coluna do contrato.",
    ),
    "converted": (
        "Já foi convertido, e não muda mais aqui.",
        "Altere o cadastro em que se transformou.",
    ),
    "before_start": ("É antes do início do contrato.", "Confira as datas."),
    "before_suspension": ("A rescisão é antes da suspensão.", "Confira as datas."),
    "before_paid": ("O dinheiro não pode estar disponível antes de pago.", "Confira as datas."),
    "positive": ("O valor precisa ser maior que zero.", "Confira o valor."),
    "negative": ("O valor não pode ser negativo.", "Confira o valor."),
    "above": ("Passa do que está em aberto.", "Confira o valor; juros e multa ficam de fora."),
    "contradicts": ("Não combina com a situação do título.", "Confira os dois."),
    "received": (
        "O título já foi pago por inteiro, e título pago não se cancela.",
        "Confira a situação.",
    ),
    "cancelled": ("O título está cancelado, e não volta atrás.", "Confira a situação."),
    "closed": (
        "O título não está mais em aberto, e não muda.",
        "Confira; se o título está certo aqui, tire a linha.",
    ),
    "reversed": (
        "Aqui já foi pago mais do que isto: uma importação não desfaz pagamentos.",
        "Confira os pagamentos do título.",
    ),
    "paid": ("Não passa do que já foi pago.", "Confira o valor inteiro do título."),
    "recorded": (
        "Este pagamento já está aqui com outro valor ou outro dia, e pagamentos não mudam.",
        "Confira o identificador externo.",
    ),
}
_PAID_ON_NEEDED = (
    "O título foi pago desde a última vez, e falta a data: o prazo da baixa conta dela.",
    "Preencha a data do pagamento, ou importe os pagamentos.",
)


def sentences(kind: Kind, field_name: str, code: str) -> tuple[str, str]:
    """What is wrong and how to mend it."""
    field = kind.field(field_name)
    match code:
        case "unreadable" if field is not None:
            return _UNREADABLE.get(field.type) or _choices(field)
        case "long" if field is not None:
            return f"Tem mais de {field.length} caracteres.", "Encurte."
        case "needed" if field_name == "paid_on":
            return _PAID_ON_NEEDED
    return SENTENCES[code]


def label(kind: Kind, field_name: str) -> str:
    field = kind.field(field_name)
    return field.label if field else "Linha toda"


def _choices(field: Field) -> tuple[str, str]:
    first: dict[str, str] = {}
    for said, meant in field.choices.items():
        first.setdefault(meant, said)
    known = ", ".join(text.upper() if len(text) <= 2 else text for text in first.values())
    return "Não é uma das respostas conhecidas.", f"Escreva uma destas: {known}."
