"""Synthetic documents are valid, reproducible and of the letters that are issued."""

from random import Random

import pytest

from regua.documents import generate
from regua.documents.check import complete_cnpj, complete_cpf


def test_the_same_seed_gives_the_same_documents() -> None:
    def draw() -> list[str]:
        random = Random(7)
        return [
            *(generate.cpf(random).value for _ in range(50)),
            *(generate.cnpj(random).value for _ in range(50)),
            *(generate.cnpj(random, letters=True).value for _ in range(50)),
        ]

    assert draw() == draw()
    assert len(set(draw())) == 150


def test_letters_only_where_asked_and_none_of_those_not_issued() -> None:
    random = Random(7)
    for _ in range(500):
        assert not generate.cnpj(random).has_letters
        with_letters = generate.cnpj(random, letters=True)
        assert with_letters.has_letters
        assert not set("IOUQF") & set(with_letters.value)
        assert with_letters.value[8:12] == "0001"


@pytest.mark.parametrize("base", ["", "12345678", "1234567890", "12345678A", "١٢٣٤٥٦٧٨٩"])
def test_a_cpf_is_completed_from_nine_digits(base: str) -> None:
    with pytest.raises(ValueError, match="9 digits"):
        complete_cpf(base)


@pytest.mark.parametrize("base", ["", "12ABC34501D", "12abc34501de", "12ABC34501D-"])
def test_a_cnpj_is_completed_from_twelve_characters(base: str) -> None:
    with pytest.raises(ValueError, match="12 upper-case"):
        complete_cnpj(base)
    assert complete_cnpj("12ABC34501DE") == "12ABC34501DE35"
