"""What a cell's text means in SQL is what the rest of the product says it means."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from regua import documents
from regua.documents import generate
from regua.imports.fields import Field, Type
from regua.imports.reading import bare, trimmed, value
from regua.imports.targets import search_key as search_key_sql
from regua.parties.models import search_key
from regua.web import formats

pytestmark = pytest.mark.django_db
many = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


def read(kind: Type, texts: list[str]) -> list[object]:
    field = Field("f", "F", kind)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {value('b', field)} FROM (SELECT {bare('t', field)} AS b, n FROM"
            f" (SELECT {trimmed('t')} AS t, n"
            " FROM unnest(%(texts)s::text[]) WITH ORDINALITY AS u (t, n)) AS s OFFSET 0"
            ") AS r ORDER BY n",
            {"texts": texts},
        )
        return [row[0] for row in cursor.fetchall()]


good = st.builds(
    lambda seed, how: [
        generate.cpf(Random(seed)).formatted,
        generate.cpf(Random(seed)).value,
        generate.cnpj(Random(seed), letters=True).formatted.lower(),
        generate.cnpj(Random(seed), letters=False).value,
    ][how],
    st.integers(0, 2**32),
    st.integers(0, 3),
)
spoilt = st.builds(
    lambda d, place, c: d[: place % len(d)] + c + d[place % len(d) + 1 :],
    good,
    st.integers(0, 20),
    st.sampled_from("0123456789AZaz. -/ſıª²٣"),
)


@many
@example(["vr.d8g.cs9/0001-53", "\vVR.D8G.CS9/0001-53\v"])
@given(st.lists(good | spoilt | text, min_size=1, max_size=50))
def test_documents(texts: list[str]) -> None:
    def reference(text: str) -> str | None:
        try:
            return documents.parse(text).value
        except documents.InvalidDocument:
            return None

    assert read(Type.DOCUMENT, texts) == [reference(t) for t in texts]


@many
@given(st.lists(st.decimals(0, 10**9, places=2), min_size=1, max_size=50))
def test_money(amounts: list[Decimal]) -> None:
    for write in (str, formats.brl, lambda a: f"{a:,.2f}", lambda a: f" {a} ", formats.number):
        texts = [write(amount) for amount in amounts]
        whole = write is formats.number
        expected = [
            formats.parse_brl(t) if whole else a for t, a in zip(texts, amounts, strict=True)
        ]
        assert read(Type.MONEY, texts) == expected


@many
@given(st.lists(text | st.text("0123456789.,-R$ ", max_size=12), min_size=1, max_size=50))
def test_no_text_is_money_to_us_only(texts: list[str]) -> None:
    for t, found in zip(texts, read(Type.MONEY, texts), strict=True):
        try:
            expected = formats.parse_brl(t)
        except ValueError:
            expected = None
        if found is not None and expected is not None:
            assert found == expected, t


@many
@given(st.lists(st.dates(date(1900, 1, 1), date(2199, 12, 31)), min_size=1, max_size=50))
def test_dates(days: list[date]) -> None:
    for form in ("%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y", "%Y-%m-%d 00:00:00", "%d/%m/%Y 23:59"):
        assert read(Type.DATE, [day.strftime(form) for day in days]) == days


@many
@given(st.lists(st.from_regex(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}", fullmatch=True) | text))
def test_no_day_that_does_not_exist(texts: list[str]) -> None:
    for t, found in zip(texts, read(Type.DATE, texts), strict=True):
        if found is not None:
            day, month, year = t.strip()[:10].replace(".", "/").replace("-", "/").split("/")[:3]
            if len(day) > 2:  # ISO
                day, year = year, day
            assert date(int(year[:4]), int(month), int(day[:2])) == found


def test_what_other_systems_write_for_nothing() -> None:
    assert read(Type.DATE, ["0000-00-00", "", "  ", "31/02/2026", "2026-13-01"]) == [None] * 5
    assert read(Type.MONEY, ["1,234", "abc", "1.2.3", "--1", "9" * 40]) == [None] * 5
    assert read(Type.PHONE, ["(11) 98765-4321", "+55 11 3333-4444", "123", "55987654321"]) == [
        *("11987654321", "1133334444", None, "55987654321")
    ]
    assert read(Type.CEP, ["01310-100", "01310100", "1310-100"]) == ["01310100", "01310100", None]
    assert read(Type.EMAIL, ["a@b.co", "a b@c.d", "a@b"]) == ["a@b.co", None, None]


@many
@given(st.lists(st.text("abcçãõéüÁÉÍÓÚÑ -'", min_size=1, max_size=20), min_size=1))
def test_names_are_searched_by_the_same_key(names: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {search_key_sql('t')} FROM unnest(%(names)s::text[])"
            " WITH ORDINALITY AS u (t, n) ORDER BY n",
            {"names": names},
        )
        found = [row[0] for row in cursor.fetchall()]
    assert found == [search_key(name) for name in names]
