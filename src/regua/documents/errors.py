"""Why a text is not a document. The sentences never repeat the text: they end in logs."""

from enum import StrEnum


class Reason(StrEnum):
    """What is wrong, and the sentence that says it."""

    sentence: str

    EMPTY = "empty", "Informe um CPF ou um CNPJ."
    CHARACTERS = "characters", "O documento tem caracteres que não são letras nem algarismos."
    LENGTH = "length", "O documento precisa ter 11 algarismos (CPF) ou 14 caracteres (CNPJ)."
    CPF_LENGTH = "cpf_length", "O CPF precisa ter 11 algarismos."
    CNPJ_LENGTH = "cnpj_length", "O CNPJ precisa ter 14 caracteres."
    CPF_LETTERS = "cpf_letters", "O CPF só tem algarismos, e este tem letras."
    CHECK_DIGIT_LETTERS = (
        "check_digit_letters",
        "Os dois últimos caracteres do CNPJ são sempre algarismos, e este tem letra neles.",
    )
    REPEATED = "repeated", "O documento repete sempre o mesmo algarismo."
    CHECK_DIGITS = (
        "check_digits",
        "Os dígitos verificadores não conferem. Confira se o documento foi digitado corretamente.",
    )

    def __new__(cls, value: str, sentence: str) -> "Reason":
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member


class InvalidDocument(ValueError):
    """The text is neither a CPF nor a CNPJ (or not the one asked for)."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason.sentence
