"""Ours against python-stdnum and validate-docbr, with every known difference written down."""

import string

import pytest
import validate_docbr
from hypothesis import example, given
from hypothesis import strategies as st
from stdnum.br import cnpj as stdnum_cnpj
from stdnum.br import cpf as stdnum_cpf

from regua.documents import (
    InvalidDocument,
    cnpj_is_valid,
    cpf_is_valid,
    is_valid,
    parse,
)
from regua.documents.check import complete_cnpj, complete_cpf

docbr_cpf = validate_docbr.CPF()
docbr_cnpj = validate_docbr.CNPJ()

LETTERS_AND_DIGITS = string.ascii_uppercase + string.digits
cpf_bases = st.text(string.digits, min_size=9, max_size=9)
cnpj_bases = st.text(LETTERS_AND_DIGITS, min_size=12, max_size=12)


def stdnum_accepts(text: str) -> bool:
    return stdnum_cpf.is_valid(text) or stdnum_cnpj.is_valid(text)


def docbr_accepts(text: str) -> bool:
    return docbr_cpf.validate(text) or docbr_cnpj.validate(text)


@given(cpf_bases.filter(lambda base: len(set(base)) > 1))
def test_completed_cpf_is_valid_for_all(base: str) -> None:
    cpf = complete_cpf(base)
    assert cpf_is_valid(cpf)
    assert stdnum_cpf.is_valid(cpf)
    assert docbr_cpf.validate(cpf)


@given(cnpj_bases.filter(lambda base: len(set(base)) > 1))
@example("12ABC34501DE")
@example("ZZZZZZZZZZZY")
@example("000000000001")
def test_completed_cnpj_is_valid_for_all(base: str) -> None:
    cnpj = complete_cnpj(base)
    assert cnpj_is_valid(cnpj)
    assert stdnum_cnpj.is_valid(cnpj)
    assert docbr_cnpj.validate(cnpj)


@given(cpf_bases.filter(lambda base: len(set(base)) > 1), st.integers(0, 99))
def test_any_check_digits_of_a_cpf(base: str, digits: int) -> None:
    cpf = f"{base}{digits:02}"
    assert cpf_is_valid(cpf) == stdnum_cpf.is_valid(cpf) == docbr_cpf.validate(cpf)


@given(cnpj_bases, st.text(LETTERS_AND_DIGITS, min_size=2, max_size=2))
def test_any_check_digits_of_a_cnpj(base: str, digits: str) -> None:
    cnpj = base + digits
    assert cnpj_is_valid(cnpj) == stdnum_cnpj.is_valid(cnpj) == docbr_cnpj.validate(cnpj)


@given(cnpj_bases, st.integers(0, 13), st.sampled_from(LETTERS_AND_DIGITS))
def test_one_wrong_character_of_a_cnpj(base: str, place: int, character: str) -> None:
    right = complete_cnpj(base)
    wrong = right[:place] + character + right[place + 1 :]
    assert cnpj_is_valid(wrong) == stdnum_cnpj.is_valid(wrong) == docbr_cnpj.validate(wrong)


@given(st.text(LETTERS_AND_DIGITS + string.ascii_lowercase, max_size=16))
def test_any_bare_text(text: str) -> None:
    """The peers agree on letters and digits, but for the differences below."""
    if len(text) == 11 and len(set(text)) == 1:
        return  # stdnum takes repeated digits
    assert is_valid(text) == stdnum_accepts(text)
    if len(text) >= 11:  # validate-docbr fills a short CPF with zeros
        assert is_valid(text) == docbr_accepts(text)


@given(cnpj_bases.filter(lambda base: len(set(base)) > 1))
def test_mask_and_case_do_not_matter(base: str) -> None:
    document = parse(complete_cnpj(base))
    assert parse(document.formatted) == parse(document.formatted.lower()) == document
    assert stdnum_cnpj.compact(document.formatted.lower()) == document.value


@given(st.text())
def test_any_text_gives_an_ascii_document_or_a_refusal(text: str) -> None:
    try:
        document = parse(text)
    except InvalidDocument:
        assert not is_valid(text)
    else:
        assert document.value.isascii()
        assert set(document.value) <= set(LETTERS_AND_DIGITS)


@given(st.text(max_size=14), st.text(min_size=11, max_size=14))
def test_bare_checks_take_any_text(one: str, other: str) -> None:
    for text in (one, other):
        if cpf_is_valid(text) or cnpj_is_valid(text):
            assert parse(text).value == text


FULL_WIDTH = "".join(chr(0xFF10 + int(digit)) for digit in "52998224725")


@pytest.mark.parametrize(
    ("text", "ours", "stdnum", "docbr"),
    [
        # repeated digits: stdnum lets a CPF through
        *[(str(digit) * 11, False, True, False) for digit in range(1, 10)],
        # digits that are not ASCII: stdnum turns full-width ones into plain ones
        (FULL_WIDTH, False, True, False),
        # typographic dashes: stdnum takes them as the mask
        ("529.982.247–25", False, True, False),
        # blanks: validate-docbr refuses all but a line end
        (" 52998224725 ", True, True, False),
        ("529 982 247 25", True, True, False),
        ("529.982.247\u00a025", True, True, False),
        # a slash in a CPF: only ours, which uses one mask for both kinds
        ("529.982.247/25", True, False, False),
        # a short CPF: validate-docbr fills it with zeros
        ("191", False, False, True),
        ("000191", False, False, True),
    ],
)
def test_known_differences(text: str, ours: bool, stdnum: bool, docbr: bool) -> None:
    """Fails when a new version of a peer changes its mind: read it and update the list."""
    assert (is_valid(text), stdnum_accepts(text), docbr_accepts(text)) == (ours, stdnum, docbr)
