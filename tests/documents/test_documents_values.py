"""What a CPF and a CNPJ are, by example."""

import copy
import pickle
from dataclasses import FrozenInstanceError

import pytest

from regua.documents import (
    Cnpj,
    Cpf,
    InvalidDocument,
    Reason,
    cnpj_is_valid,
    is_valid,
    parse,
    parse_cnpj,
    parse_cpf,
)

CPF = "52998224725"
OFFICIAL_CNPJ = "12ABC34501DE35"  # Receita Federal, Nota Técnica COCAD/SUARA/RFB 49/2024


@pytest.mark.parametrize(
    "text", [CPF, "529.982.247-25", " 529 982 247 25\n", "529982247/25", "529.982.247\u00a025"]
)
def test_parse_cpf_in_any_usual_writing(text: str) -> None:
    document = parse(text)
    assert document == Cpf(CPF) == parse_cpf(text)
    assert document.kind == "F"
    assert document.formatted == "529.982.247-25"


@pytest.mark.parametrize("text", [OFFICIAL_CNPJ, "12.ABC.345/01DE-35", " 12.abc.345/01de-35 "])
def test_parse_cnpj_in_any_usual_writing(text: str) -> None:
    document = parse(text)
    assert document == Cnpj(OFFICIAL_CNPJ) == parse_cnpj(text)
    assert document.kind == "J"
    assert document.formatted == "12.ABC.345/01DE-35"
    assert parse_cnpj(text).root == "12ABC345"
    assert parse_cnpj(text).has_letters


@pytest.mark.parametrize(
    "bare", ["00000000000191", "A1B2C3D4000193", "9K7L2M5N000173", "ZZZZZZZZZZZZ62"]
)
def test_examples_of_the_reference(bare: str) -> None:
    assert cnpj_is_valid(bare)
    assert is_valid(bare)


def test_numeric_cnpj_has_no_letters() -> None:
    assert not parse_cnpj("00.000.000/0001-91").has_letters


ARABIC_CPF = "".join(chr(0x660 + int(digit)) for digit in CPF)
FULL_WIDTH_CPF = "".join(chr(0xFF10 + int(digit)) for digit in CPF)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.EMPTY),
        (" .-/ ", Reason.EMPTY),
        ("5299822472", Reason.LENGTH),
        ("529982247250", Reason.LENGTH),
        ("191", Reason.LENGTH),  # a spreadsheet ate the zeros: we do not guess
        ("52998224724", Reason.CHECK_DIGITS),
        ("52998224735", Reason.CHECK_DIGITS),
        ("5299822472A", Reason.CPF_LETTERS),
        ("11111111111", Reason.REPEATED),
        ("00000000000", Reason.REPEATED),
        ("12ABC34501DE00", Reason.CHECK_DIGITS),
        ("12ABC34501DE36", Reason.CHECK_DIGITS),
        ("12ABC34501DE3A", Reason.CHECK_DIGIT_LETTERS),
        ("12ABC34501DEA5", Reason.CHECK_DIGIT_LETTERS),
        ("00000000000000", Reason.REPEATED),
        ("11111111111111", Reason.REPEATED),
        ("12*ABC34501DE35", Reason.CHARACTERS),
        ("12_BC34501DE35", Reason.CHARACTERS),
        (ARABIC_CPF, Reason.CHARACTERS),
        (FULL_WIDTH_CPF, Reason.CHARACTERS),
        ("5299822472²", Reason.CHARACTERS),  # isdigit() in Python
        ("529.982.247–25", Reason.CHARACTERS),  # an en dash
        ("12ABſ34501DE35", Reason.CHARACTERS),  # "ſ".upper() is "S"
        ("12ABı34501DE35", Reason.CHARACTERS),  # "ı".upper() is "I"
        ("12ABß4501DE35", Reason.CHARACTERS),  # "ß".upper() is "SS", which makes 14
        ("1" * 1_000_000, Reason.LENGTH),
    ],
)
def test_each_refusal_says_why(text: str, reason: Reason) -> None:
    with pytest.raises(InvalidDocument) as refused:
        parse(text)
    assert refused.value.reason is reason
    assert str(refused.value) == reason.sentence


def test_asking_for_one_kind_refuses_the_other() -> None:
    with pytest.raises(InvalidDocument, match="CPF precisa ter 11"):
        parse_cpf(OFFICIAL_CNPJ)
    with pytest.raises(InvalidDocument, match="CNPJ precisa ter 14"):
        parse_cnpj(CPF)


def test_every_reason_has_its_own_sentence() -> None:
    assert len({reason.sentence for reason in Reason}) == len(Reason)


def test_an_invalid_value_cannot_be_built() -> None:
    with pytest.raises(InvalidDocument):
        Cpf("529.982.247-25")
    with pytest.raises(InvalidDocument):
        Cnpj(OFFICIAL_CNPJ.lower())


@pytest.mark.parametrize("document", [Cpf(CPF), Cnpj(OFFICIAL_CNPJ)])
def test_no_accidental_writing_shows_the_whole(document: Cpf | Cnpj) -> None:
    for shown in (str(document), repr(document), f"{document}", f"{[document]}"):
        assert document.value not in shown
        assert document.formatted not in shown
    assert str(document) in ("***.982.247-**", "12.***.***/****-35")


def test_a_refusal_never_repeats_the_document() -> None:
    for text in ("52998224724", "12ABC34501DE36", "1111111111111111"):
        with pytest.raises(InvalidDocument) as refused:
            parse(text)
        assert text not in str(refused.value) + repr(refused.value) + repr(refused.value.args)


def test_values_are_frozen_hashable_and_travel() -> None:
    document = Cpf(CPF)
    with pytest.raises(FrozenInstanceError):
        document.value = "1"  # type: ignore[misc]
    assert not hasattr(document, "__dict__")
    assert {document: 1}[Cpf(CPF)] == 1
    assert pickle.loads(pickle.dumps(document)) == document == copy.deepcopy(document)
    error = pickle.loads(pickle.dumps(InvalidDocument(Reason.LENGTH)))
    assert error.reason is Reason.LENGTH
