"""The documents as values: ``Cpf`` and ``Cnpj``, always valid, never shown whole by accident."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from regua.documents.check import cnpj_is_valid, cpf_is_valid
from regua.documents.errors import InvalidDocument, Reason

_BLANKS_AND_MASK = {ord(char): None for char in " \t\r\n\f\v\u00a0.-/"}


@dataclass(frozen=True, slots=True, repr=False)
class Cpf:
    """A natural person's document."""

    value: str
    """11 digits, bare."""

    kind: ClassVar[Literal["F"]] = "F"

    def __post_init__(self) -> None:
        if not cpf_is_valid(self.value):
            raise InvalidDocument(_why_not_cpf(self.value))

    @property
    def formatted(self) -> str:
        """``123.456.789-09``, whole: only for who may see it."""
        v = self.value
        return f"{v[:3]}.{v[3:6]}.{v[6:9]}-{v[9:]}"

    @property
    def masked(self) -> str:
        """``***.456.789-**``, the form of the federal transparency portal."""
        v = self.value
        return f"***.{v[3:6]}.{v[6:9]}-**"

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"Cpf({self.masked})"


@dataclass(frozen=True, slots=True, repr=False)
class Cnpj:
    """A legal entity's document. Numeric, or with letters among the first 12 characters."""

    value: str
    """14 characters, bare and upper-case."""

    kind: ClassVar[Literal["J"]] = "J"

    def __post_init__(self) -> None:
        if not cnpj_is_valid(self.value):
            raise InvalidDocument(_why_not_cnpj(self.value))

    @property
    def root(self) -> str:
        """The 8 characters all branches of the entity share."""
        return self.value[:8]

    @property
    def has_letters(self) -> bool:
        """True for the alphanumeric kind, which not every bureau takes yet."""
        return not self.value.isdigit()

    @property
    def formatted(self) -> str:
        """``12.ABC.345/01DE-35``, whole: only for who may see it."""
        v = self.value
        return f"{v[:2]}.{v[2:5]}.{v[5:8]}/{v[8:12]}-{v[12:]}"

    @property
    def masked(self) -> str:
        """``12.***.***/****-35``."""
        v = self.value
        return f"{v[:2]}.***.***/****-{v[12:]}"

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"Cnpj({self.masked})"


Document = Cpf | Cnpj


def parse(text: str) -> Document:
    """The document a person typed, with or without mask; raises ``InvalidDocument``."""
    bare = _bare(text)
    if len(bare) == 14:
        return Cnpj(bare)
    if len(bare) == 11:
        return Cpf(bare)
    raise InvalidDocument(_why_not_bare(bare) or Reason.LENGTH)


def parse_cpf(text: str) -> Cpf:
    """Like ``parse``, where only a CPF will do."""
    return Cpf(_bare(text))


def parse_cnpj(text: str) -> Cnpj:
    """Like ``parse``, where only a CNPJ will do."""
    return Cnpj(_bare(text))


def is_valid(text: str) -> bool:
    """Whether ``parse`` would take it."""
    try:
        parse(text)
    except InvalidDocument:
        return False
    return True


def _bare(text: str) -> str:
    bare = text if text.isalnum() else text.translate(_BLANKS_AND_MASK)
    # Only ASCII is upper-cased: "ı", "ſ" and others would turn into a plain letter.
    return bare.upper() if bare.isascii() else bare


def _why_not_bare(bare: str) -> Reason | None:
    if not bare:
        return Reason.EMPTY
    if not (bare.isascii() and bare.isalnum() and bare == bare.upper()):
        return Reason.CHARACTERS
    return None


def _why_not_cpf(bare: str) -> Reason:
    if reason := _why_not_bare(bare):
        return reason
    if len(bare) != 11:
        return Reason.CPF_LENGTH
    if not bare.isdigit():
        return Reason.CPF_LETTERS
    return Reason.REPEATED if bare == bare[0] * 11 else Reason.CHECK_DIGITS


def _why_not_cnpj(bare: str) -> Reason:
    if reason := _why_not_bare(bare):
        return reason
    if len(bare) != 14:
        return Reason.CNPJ_LENGTH
    if not bare[12:].isdigit():
        return Reason.CHECK_DIGIT_LETTERS
    return Reason.REPEATED if bare == bare[0] * 14 else Reason.CHECK_DIGITS
