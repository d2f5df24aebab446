from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from regua.web import formats

NOW = datetime(2025, 11, 18, 15, 0, tzinfo=UTC)  # 12:00 in São Paulo


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("1234.56"), "R$\u00a01.234,56"),
        (Decimal("0"), "R$\u00a00,00"),
        (Decimal("-5.5"), "-R$\u00a05,50"),
        (1_000_000, "R$\u00a01.000.000,00"),
        ("19.9", "R$\u00a019,90"),
        (None, "—"),
        ("", "—"),
        ("não é número", "—"),
    ],
)
def test_money_is_shown_in_reais(value: object, shown: str) -> None:
    assert formats.brl(value) == shown  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("1.234,56", "1234.56"),
        ("R$ 1.234,56", "1234.56"),
        ("R$\u00a01.234.567,8", "1234567.8"),
        ("1234,5", "1234.5"),
        ("1.234", "1234"),
        ("1234.56", "1234.56"),
        ("12.5", "12.5"),
        ("10,", "10.0"),
        ("-3,00", "-3.00"),
    ],
)
def test_money_is_read_as_people_type_it(typed: str, read: str) -> None:
    assert formats.parse_brl(typed) == Decimal(read)


@pytest.mark.parametrize("typed", ["", "abc", "1,2,3", "1.23,4", "12.34.56", ",5", "1e5", "--1"])
def test_what_is_not_money_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):
        formats.parse_brl(typed)


def test_every_amount_shown_can_be_read_back() -> None:
    for cents in (0, 1, 99, 100, 123_456, 99_999_999_999):
        amount = Decimal(cents) / 100
        assert formats.parse_brl(formats.brl(amount)) == amount


def test_an_instant_is_shown_in_sao_paulo() -> None:
    late = datetime(2025, 11, 19, 1, 30, tzinfo=UTC)
    assert formats.instant(late) == "18/11/2025 22:30"
    assert formats.day(late) == "18/11/2025"
    assert formats.day(date(2025, 1, 2)) == "02/01/2025"
    assert formats.day(None) == "—"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (datetime(2025, 11, 18, 14, 59, 40, tzinfo=UTC), "agora"),
        (datetime(2025, 11, 18, 14, 59, tzinfo=UTC), "há 1 minuto"),
        (datetime(2025, 11, 18, 14, 57, tzinfo=UTC), "há 3 minutos"),
        (datetime(2025, 11, 18, 17, 0, tzinfo=UTC), "em 2 horas"),
        (datetime(2025, 11, 18, 13, 59, tzinfo=UTC), "há 1 hora"),
        (datetime(2025, 11, 16, 15, 0, tzinfo=UTC), "há 2 dias"),
        (date(2025, 11, 18), "hoje"),
        (date(2025, 11, 19), "amanhã"),
        (date(2025, 11, 17), "ontem"),
        (date(2025, 11, 28), "em 10 dias"),
        (date(2025, 8, 18), "há 3 meses"),
        (date(2020, 11, 18), "há 5 anos"),
        (None, ""),
    ],
)
def test_relative_time_is_said_in_portuguese(value: date | None, said: str) -> None:
    assert formats.ago(value, now=NOW) == said


def test_documents_are_grouped_and_masked() -> None:
    assert formats.document("52998224725") == "529.982.247-25"
    assert formats.document("12abc34501de35") == "12.ABC.345/01DE-35"
    assert formats.document_masked("52998224725") == "***.982.247-**"
    assert formats.document_masked("12ABC34501DE35") == "12.***.***/****-35"
    assert formats.document_masked("") == "—"
    assert "123" not in formats.document_masked("12345")


def test_phone_and_cep() -> None:
    assert formats.phone("11987654321") == "(11) 98765-4321"
    assert formats.phone("+551133334444") == "(11) 3333-4444"
    assert formats.cep("01310100") == "01310-100"
    assert formats.cep(None) == "—"
