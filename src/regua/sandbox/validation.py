"""Everything wrong with a listing or a removal, all at once, with the bureau's own codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from regua.sandbox.catalogue import REMOVAL_CODES, RESTRICTION_CODES
from regua.sandbox.clock import years_before
from regua.sandbox.documents import person_type

STATES = frozenset(
    {
        "AC", "AL", "AM", "AP", "BA", "CE", "DF", "ES", "GO", "MA", "MG", "MS", "MT", "PA",
        "PB", "PE", "PI", "PR", "RJ", "RN", "RO", "RR", "RS", "SC", "SE", "SP", "TO",
    }
)  # fmt: skip
MONEY = re.compile(r"\d{1,12}\.\d{2}", re.ASCII)
LEAST_CENTS = 10_00
MOST_CENTS = 999_999_99
LIFE_YEARS = 5


@dataclass(frozen=True)
class Problem:
    """One field the bureau refuses."""

    field: str
    code: str
    message: str


class Problems(list[Problem]):
    def add(self, field: str, code: str, message: str) -> None:
        self.append(Problem(field, code, message))


def listing_problems(body: Mapping[str, Any], today: date) -> Problems:
    """Why this listing cannot even be received; empty when it can."""
    problems = Problems()
    debtor = _part(body, "devedor")
    document = _text(debtor, "documento")
    person = person_type(document)
    _check_debt(problems, body, person, today)
    creditor = _text(_part(body, "credor"), "documento")
    if person_type(creditor) is None:
        problems.add("credor.documento", "029", "CPF ou CNPJ do credor inválido.")
    if person is None:
        problems.add("devedor.documento", "029", "CPF ou CNPJ do devedor inválido.")
    elif document == creditor:
        problems.add("devedor.documento", "286", "O credor não pode ser o próprio devedor.")
    _check_debtor(problems, debtor, person, today)
    _check_address(problems, _part(debtor, "endereco"))
    if body.get("coobrigado") is not None:
        _check_co_debtor(problems, body, (document, creditor), today)
    return problems


def _check_co_debtor(
    problems: Problems, body: Mapping[str, Any], others: tuple[str, str], today: date
) -> None:
    """A second person: as complete as the first, and neither the debtor nor the creditor."""
    given = _part(body, "coobrigado")
    document = _text(given, "documento")
    person = person_type(document)
    if person is None:
        problems.add("coobrigado.documento", "029", "CPF ou CNPJ do coobrigado inválido.")
    elif document in others:
        problems.add("coobrigado.documento", "286", "O coobrigado é o devedor ou o credor.")
    _check_debtor(problems, given, person, today, "coobrigado")
    _check_address(problems, _part(given, "endereco"), "coobrigado")


def removal_problems(body: Mapping[str, Any], today: date) -> Problems:
    problems = Problems()
    code = REMOVAL_CODES.get(_text(body, "codigo_baixa"))
    if code is None:
        problems.add("codigo_baixa", "008", "Código de baixa desconhecido.")
    elif code.bureau_only:
        problems.add("codigo_baixa", "799", "Código de baixa de uso exclusivo do birô.")
    day = _date(body, "data")
    if day is None:
        problems.add("data", "014", "Data da baixa inválida.")
    elif day > today:
        problems.add("data", "016", "Data da baixa no futuro.")
    return problems


def _check_debt(
    problems: Problems, body: Mapping[str, Any], person: str | None, today: date
) -> None:
    if not _text(body, "referencia"):
        problems.add("referencia", "008", "Referência não informada.")
    code = RESTRICTION_CODES.get(_text(body, "codigo_restricao"))
    if code is None:
        problems.add("codigo_restricao", "035", "Código de restrição inválido.")
    elif person is not None and code.person not in ("A", person):
        problems.add("codigo_restricao", "036", "Código de restrição não aceito para o devedor.")
    contract = _text(body, "contrato")
    if not contract:
        problems.add("contrato", "102", "Contrato não informado.")
    elif len(contract) > 50:
        problems.add("contrato", "085", "Contrato inválido.")
    if not isinstance(body.get("nosso_numero"), str | None):
        problems.add("nosso_numero", "085", "Nosso número inválido.")
    amount = body.get("valor")
    if not isinstance(amount, str) or not MONEY.fullmatch(amount):
        problems.add("valor", "057", 'Valor inválido: texto com duas casas, como "129.90".')
    elif not LEAST_CENTS <= int(amount.replace(".", "")) <= MOST_CENTS:
        problems.add("valor", "381", "Valor fora dos limites aceitos (10,00 a 999.999,99).")
    due = _date(body, "vencimento")
    if due is None:
        problems.add("vencimento", "014", "Data de vencimento inválida.")
    elif due > today:
        problems.add("vencimento", "016", "Data de vencimento no futuro.")
    elif due < years_before(today, LIFE_YEARS):
        problems.add("vencimento", "017", "Dívida vencida há mais de cinco anos.")


def _check_debtor(
    problems: Problems,
    debtor: Mapping[str, Any],
    person: str | None,
    today: date,
    part: str = "devedor",
) -> None:
    name = _text(debtor, "nome")
    if not name:
        problems.add(f"{part}.nome", "012", "Nome não informado.")
    elif not any(character.isalpha() for character in name):
        problems.add(f"{part}.nome", "011", "Nome inválido.")
    mobile = _text(debtor, "celular")
    if not re.fullmatch(r"\d{2}9\d{8}", mobile, re.ASCII):
        problems.add(f"{part}.celular", "360", "Celular inválido: DDD e nove dígitos.")
    elif "0" in mobile[:2]:
        problems.add(f"{part}.celular", "359", "DDD inválido.")
    email = debtor.get("email")
    if email is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", str(email)):
        problems.add(f"{part}.email", "575", "E-mail inválido.")
    if person != "F":
        return
    if debtor.get("sexo") not in ("F", "M"):
        problems.add(f"{part}.sexo", "120", "Sexo não informado.")
    birth = _date(debtor, "nascimento")
    if birth is None:
        problems.add(f"{part}.nascimento", "121", "Data de nascimento não informada ou inválida.")
    elif birth > years_before(today, 18):
        problems.add(f"{part}.nascimento", "121", "Menor de 18 anos.")


def _check_address(problems: Problems, address: Mapping[str, Any], part: str = "devedor") -> None:
    cep = _text(address, "cep")
    if not cep:
        problems.add(f"{part}.endereco.cep", "112", "CEP não informado.")
    elif not re.fullmatch(r"\d{8}", cep, re.ASCII) or cep == "00000000":
        problems.add(f"{part}.endereco.cep", "119", "CEP inválido.")
    if _text(address, "uf") not in STATES:
        problems.add(f"{part}.endereco.uf", "111", "UF inválida.")
    for field, label in (
        ("logradouro", "Logradouro"),
        ("numero", "Número"),
        ("bairro", "Bairro"),
        ("cidade", "Cidade"),
    ):
        if not _text(address, field):
            problems.add(f"{part}.endereco.{field}", "109", f"{label} não informado(a).")


def _part(body: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    value = body.get(field)
    return value if isinstance(value, dict) else {}


def _text(body: Mapping[str, Any], field: str) -> str:
    """As it came; empty when it is blank or no text."""
    value = body.get(field)
    return value if isinstance(value, str) and value.strip() else ""


def _date(body: Mapping[str, Any], field: str) -> date | None:
    text = _text(body, field)
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
