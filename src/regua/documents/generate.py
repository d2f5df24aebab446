"""Synthetic documents, valid and reproducible, for demonstration data and tests.

They are drawn at random, so one may belong to somebody: never send them to a real bureau.
"""

from random import Random

from regua.documents.check import complete_cnpj, complete_cpf
from regua.documents.values import Cnpj, Cpf

_DIGITS = "0123456789"
# The Receita is said not to issue I, O, U, Q and F; they are accepted, but not generated.
_LETTERS_AND_DIGITS = _DIGITS + "ABCDEGHJKLMNPRSTVWXYZ"


def cpf(random: Random) -> Cpf:
    """A CPF."""
    while True:
        base = _draw(random, _DIGITS, 9)
        if base != base[0] * 9:
            return Cpf(complete_cpf(base))


def cnpj(random: Random, *, letters: bool = False) -> Cnpj:
    """A CNPJ of a head office (branch 0001); with ``letters``, at least one letter in the root."""
    while True:
        root = _draw(random, _LETTERS_AND_DIGITS if letters else _DIGITS, 8)
        if root != "00000000" and root.isdigit() is not letters:
            return Cnpj(complete_cnpj(root + "0001"))


def _draw(random: Random, alphabet: str, count: int) -> str:
    return "".join(random.choices(alphabet, k=count))
