"""Everybody the bureau knows: the document alone decides name, age, score, debts and behaviour."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from regua.sandbox.documents import is_cpf, with_check_digits


@dataclass(frozen=True)
class Behaviour:
    """What a document does; `code` is read from three of its characters."""

    code: str
    name: str
    description: str
    score: tuple[int, int] | None = (300, 950)
    pending: tuple[int, int] = (0, 3)
    status: str = "REGULAR"


BEHAVIOURS = {
    behaviour.code: behaviour
    for behaviour in (
        Behaviour("001", "clean", "Sem pendências, score alto", (900, 985), (0, 0)),
        Behaviour("002", "medium", "Score médio, uma pendência pequena", (450, 580), (1, 1)),
        Behaviour("003", "heavy", "Muitas pendências, score baixo", (20, 150), (6, 9)),
        Behaviour("004", "slow_inquiry", "Consulta responde 202 e fica pronta logo depois"),
        Behaviour(
            "005", "irregular", "Documento irregular na Receita", (5, 80), (1, 2), "SUSPENSA"
        ),
        Behaviour(
            "006", "name_mismatch", "Negativação rejeitada: nome não confere (296; empresa, 295)"
        ),
        Behaviour("007", "letter_returned", "Carta devolvida: o birô baixa com código 95"),
        Behaviour("008", "contested", "Fica ativa; contestada, o birô baixa com código 91"),
        Behaviour("009", "no_score", "Sem score", None, (0, 0)),
        Behaviour("010", "no_balance", "Consulta responde 402 (sem saldo)"),
        Behaviour("011", "not_contracted", "Consulta responde 403 (produto não contratado)"),
        Behaviour("012", "unavailable", "Negativação fica INDISPONIVEL por um tempo e volta"),
        Behaviour("013", "court_order", "Fica ativa; ordem judicial, o birô baixa com código 96"),
        Behaviour("014", "never_ready", "Consulta fica em PROCESSANDO para sempre"),
    )
}
ORDINARY = Behaviour("", "ordinary", "Pessoa comum, sorteada pelo próprio documento")

_SURPRISES = ("006", "007", "008", "012", "013")
"""Behaviours that --surprises hands out to ordinary documents."""

_FIRST = (
    "Ana Beatriz",
    "Antônia",
    "Bruna",
    "Camila",
    "Carlos Eduardo",
    "Cláudia",
    "Daniel",
    "Débora",
    "Eduardo",
    "Fernanda",
    "Francisco",
    "Gabriel",
    "Helena",
    "Igor",
    "Joana",
    "João Pedro",
    "José Carlos",
    "Juliana",
    "Larissa",
    "Leandro",
    "Luiz",
    "Marcos",
    "Maria Aparecida",
    "Mariana",
    "Paulo",
    "Rafael",
    "Raimundo",
    "Renata",
    "Sebastião",
    "Sônia",
    "Thiago",
    "Vera Lúcia",
)
_LAST = (
    "Almeida",
    "Alves",
    "Araújo",
    "Barbosa",
    "Cardoso",
    "Carvalho",
    "Conceição",
    "Costa",
    "Dias",
    "Ferreira",
    "Gomes",
    "Gonçalves",
    "Lima",
    "Lopes",
    "Machado",
    "Martins",
    "Melo",
    "Moreira",
    "Nascimento",
    "Oliveira",
    "Pereira",
    "Ribeiro",
    "Rocha",
    "Santana",
    "Santos",
    "Silva",
    "Souza",
    "Teixeira",
    "Vieira",
    "Xavier",
)
_TRADE = (
    "Padaria",
    "Mercearia",
    "Auto Peças",
    "Construções",
    "Transportes",
    "Confecções",
    "Farmácia",
    "Papelaria",
    "Material Elétrico",
    "Restaurante",
    "Clínica",
    "Informática",
)
_CREDITOR = (
    "Banco Horizonte S.A.",
    "Lojas Ipê",
    "Financeira Araucária",
    "Telefônica do Cerrado",
    "Energia do Vale",
    "Cartões Mandacaru",
    "Supermercados Jatobá",
    "Colégio Pitanga",
)
_SEGMENT = ("Telecomunicações", "Varejo", "Banco", "Financeira", "Imobiliária", "Seguros")
_KIND = ("PENDENCIA", "PENDENCIA", "PENDENCIA", "PROTESTO", "CHEQUE", "ACAO")
_ORIGIN = {
    "PENDENCIA": "Base própria",
    "PROTESTO": "Cartório de protesto",
    "CHEQUE": "Cadastro de cheques",
    "ACAO": "Distribuidor cível",
    "FALENCIA": "Vara empresarial",
}


def behaviour_of(document: str, surprises: float = 0.0) -> Behaviour:
    """From the 7th to 9th digits of a CPF, the 6th to 8th characters of a CNPJ."""
    key = document[6:9] if is_cpf(document) else document[5:8]
    if key in BEHAVIOURS:
        return BEHAVIOURS[key]
    chance = _random(document, "surprise")
    if chance.random() < surprises:
        return BEHAVIOURS[chance.choice(_SURPRISES)]
    return ORDINARY


def example_documents(code: str) -> tuple[str, str, str]:
    """A CPF, a numeric CNPJ and an alphanumeric CNPJ that behave so."""
    return (
        with_check_digits(f"123456{code}"),
        with_check_digits(f"12345{code}0001"),
        with_check_digits(f"A1B2C{code}0001"),
    )


def name_of(document: str) -> str:
    chance = _random(document, "name")
    first, middle, last = chance.choice(_FIRST), chance.choice(_LAST), chance.choice(_LAST)
    if is_cpf(document):
        return f"{first} {middle} {last}"
    return f"{chance.choice(_TRADE)} {last} Ltda."


def born_on(document: str) -> date:
    """Birth of a person, opening of a company."""
    chance = _random(document, "birth")
    first, last = (1948, 2004) if is_cpf(document) else (1985, 2022)
    return date(chance.randint(first, last), chance.randint(1, 12), chance.randint(1, 28))


def report_of(document: str, today: date) -> dict[str, Any]:
    """What the bureau tells about a document; the same document always tells the same."""
    behaviour = behaviour_of(document)
    chance = _random(document, "report")
    person = is_cpf(document)
    pending = _pending(chance, chance.randint(*behaviour.pending), today, person=person)
    status = behaviour.status if person or behaviour.status != "REGULAR" else "ATIVA"
    return {
        "documento": document,
        "nome": name_of(document),
        "situacao_documento": status,
        "nascimento" if person else "abertura": born_on(document).isoformat(),
        "score": _score(chance, behaviour),
        "pendencias": pending,
        "consultas_anteriores": [
            {
                "data": (today - timedelta(days=chance.randint(1, 180))).isoformat(),
                "segmento": chance.choice(_SEGMENT),
            }
            for _ in range(chance.randint(0, 5))
        ],
    }


def _score(chance: random.Random, behaviour: Behaviour) -> dict[str, Any] | None:
    if behaviour.score is None:
        return None
    value = chance.randint(*behaviour.score)
    band = "EDCBA"[min(value // 200, 4)]
    risk = (1000 - value) * 95 // 1000
    return {"valor": value, "faixa": band, "probabilidade_inadimplencia": f"0.{risk + 1:02d}"}


def _pending(
    chance: random.Random, count: int, today: date, *, person: bool
) -> list[dict[str, Any]]:
    found = []
    for number in range(count):
        kind = chance.choice(_KIND)
        if not person and count >= 6 and number == 0:
            kind = "FALENCIA"
        cents = chance.randint(30_00, 2_500_00)
        found.append(
            {
                "tipo": kind,
                "credor": chance.choice(_CREDITOR),
                "valor": f"{cents // 100}.{cents % 100:02d}",
                "data": (today - timedelta(days=chance.randint(40, 1700))).isoformat(),
                "contrato": f"{chance.randint(10**7, 10**8 - 1)}",
                "origem": _ORIGIN[kind],
            }
        )
    return found


def _random(document: str, purpose: str) -> random.Random:
    digest = hashlib.sha256(f"{purpose}:{document}".encode()).digest()
    return random.Random(digest)  # noqa: S311
