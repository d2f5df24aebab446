"""The check digits in SQL are those of ``regua.documents``."""

from __future__ import annotations

import string
from random import Random

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regua import documents
from regua.compliance.documents_sql import document_valid
from regua.documents import generate

pytestmark = pytest.mark.django_db
CNPJ_CHARACTERS = string.digits + string.ascii_uppercase
seeds = st.integers(0, 2**32)
cpfs = st.builds(lambda seed: generate.cpf(Random(seed)).value, seeds)
cnpjs = st.builds(
    lambda seed, letters: generate.cnpj(Random(seed), letters=letters).value, seeds, st.booleans()
)


@st.composite
def near_misses(draw: st.DrawFn) -> str:
    """A good one with one character changed, or two exchanged, or one more or less."""
    good = draw(cpfs | cnpjs)
    place = draw(st.integers(0, len(good) - 1))
    match draw(st.sampled_from(["change", "exchange", "drop", "double"])):
        case "change":
            other = draw(st.sampled_from(string.digits if len(good) == 11 else CNPJ_CHARACTERS))
            if place >= len(good) - 2:
                other = draw(st.sampled_from(string.digits))
            return good[:place] + other + good[place + 1 :]
        case "exchange":
            characters = list(good)
            characters[place - 1], characters[place] = characters[place], characters[place - 1]
            return "".join(characters)
        case "drop":
            return good[:place] + good[place + 1 :]
        case _:
            return good[:place] + good[place] + good[place:]


repeated = st.builds(
    lambda character, size: character * size,
    st.sampled_from(CNPJ_CHARACTERS),
    st.sampled_from([11, 14]),
)
shaped = st.from_regex(r"[0-9]{11}|[0-9A-Z]{12}[0-9]{2}", fullmatch=True)


def reference(text: str) -> bool:
    try:
        return documents.parse(text).value == text
    except documents.InvalidDocument:
        return False


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(
        cpfs | cnpjs | near_misses() | repeated | shaped, min_size=1, max_size=200, unique=True
    )
)
def test_sql_and_python_agree(found: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT d, {document_valid('d')} FROM unnest(%(all)s::text[]) d", {"all": found}
        )
        answers = dict(cursor.fetchall())
    assert answers == {text: reference(text) for text in found}


def test_known_ones() -> None:
    known = {
        "12345678909": True,
        "00000000191": True,
        "12345678900": False,
        "00000000000": False,
        "12ABC34501DE35": True,
        "12ABC34501DE00": False,
        "00000000000191": True,
        "ZZZZZZZZZZZZ62": True,
        "": False,
        "1": False,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT d, {document_valid('d')} FROM unnest(%(all)s::text[]) d",
            {"all": list(known)},
        )
        assert dict(cursor.fetchall()) == known
