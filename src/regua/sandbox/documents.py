"""CPF and CNPJ as the sandbox reads them: upper-case, no punctuation, letters allowed in a CNPJ."""

from __future__ import annotations

import re

CPF = re.compile(r"\d{11}", re.ASCII)
CNPJ = re.compile(r"[0-9A-Z]{12}\d{2}", re.ASCII)


def _check_digit(base: str, top_weight: int) -> str:
    total, weight = 0, 2
    for character in reversed(base):
        total += (ord(character) - 48) * weight
        weight = 2 if weight == top_weight else weight + 1
    remainder = total % 11
    return str(0 if remainder < 2 else 11 - remainder)


def with_check_digits(base: str) -> str:
    """The whole document of a 9-digit CPF base or of a 12-character CNPJ base."""
    top_weight = 11 if len(base) == 9 else 9
    for _ in range(2):
        base += _check_digit(base, top_weight)
    return base


def is_cpf(document: str) -> bool:
    return bool(CPF.fullmatch(document)) and len(set(document)) > 1 and _checks(document)


def is_cnpj(document: str) -> bool:
    return bool(CNPJ.fullmatch(document)) and len(set(document)) > 1 and _checks(document)


def person_type(document: str) -> str | None:
    """F, J, or None when it is no valid document."""
    if is_cpf(document):
        return "F"
    return "J" if is_cnpj(document) else None


def _checks(document: str) -> bool:
    return with_check_digits(document[:-2]) == document
