"""How values look to a person in Brazil, and how what they type is read. Pure functions."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NBSP = "\N{NO-BREAK SPACE}"
EMPTY = "—"

_GROUPED = re.compile(r"^\d{1,3}(\.\d{3})+$")
_PLAIN = re.compile(r"^\d+(\.\d+)?$")


def number(value: int | Decimal, places: int = 0) -> str:
    """``1234567`` → ``1.234.567``."""
    return f"{value:,.{places}f}".translate(str.maketrans(",.", ".,"))


def brl(value: Decimal | int | str | None) -> str:
    """``Decimal("1234.56")`` → ``R$ 1.234,56``; the space does not break."""
    if value is None or value == "":
        return EMPTY
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return EMPTY
    sign = "-" if amount < 0 else ""
    return f"{sign}R${NBSP}{number(abs(amount), 2)}"


def parse_brl(text: str) -> Decimal:
    """Read ``1.234,56``, ``R$ 1234,5``, ``1.234`` (a thousand) and ``1234.56``.

    Raises
    ------
    ValueError
        When the text is not one amount of money.
    """
    bare = re.sub(r"R\$|\s", "", text)
    sign = Decimal(1)
    if bare.startswith("-"):
        sign, bare = Decimal(-1), bare[1:]
    whole, comma, cents = bare.partition(",")
    if comma:
        if "." in whole and not _GROUPED.match(whole):
            raise ValueError(text)
        bare = whole.replace(".", "") + "." + (cents or "0")
    elif _GROUPED.match(bare):
        bare = bare.replace(".", "")
    if not _PLAIN.match(bare):
        raise ValueError(text)
    return sign * Decimal(bare)


def day(value: date | datetime | None) -> str:
    """A date as ``dd/mm/aaaa``; an instant is first brought to São Paulo."""
    if value is None or value == "":
        return EMPTY
    if isinstance(value, datetime):
        value = local(value)
    return value.strftime("%d/%m/%Y")


def local(value: datetime) -> datetime:
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return value.astimezone(SAO_PAULO)


def day_start(value: date) -> datetime:
    """The instant at which ``value`` begins in São Paulo."""
    return datetime.combine(value, time.min, tzinfo=SAO_PAULO)


def day_end(value: date) -> datetime:
    """The instant at which the day after ``value`` begins: the first that is not in it."""
    return day_start(value + timedelta(days=1))


def instant(value: datetime | None) -> str:
    if value is None or value == "":
        return EMPTY
    return local(value).strftime("%d/%m/%Y %H:%M")


def _count(amount: int, singular: str, plural: str) -> str:
    return f"{amount} {singular if amount == 1 else plural}"


def _span_of_days(days: int) -> str:
    if days < 60:
        return _count(days, "dia", "dias")
    if days < 730:
        return _count(int(days / 30.44), "mês", "meses")
    return _count(days // 365, "ano", "anos")


def ago(value: date | datetime | None, now: datetime | None = None) -> str:
    """How long ago or how far ahead: ``há 3 minutos``, ``em 10 dias``, ``hoje``."""
    if value is None or value == "":
        return ""
    moment = local(now or datetime.now(UTC))
    if isinstance(value, datetime):
        seconds = (local(value) - moment).total_seconds()
        if abs(seconds) < 45:
            return "agora"
        if abs(seconds) < 86_400:
            minutes = max(1, round(abs(seconds) / 60))
            span = (
                _count(minutes, "minuto", "minutos")
                if minutes < 60
                else _count(minutes // 60, "hora", "horas")
            )
            return f"em {span}" if seconds > 0 else f"há {span}"
        value = local(value).date()
    days = (value - moment.date()).days
    near = {0: "hoje", 1: "amanhã", -1: "ontem"}
    if days in near:
        return near[days]
    return f"em {_span_of_days(days)}" if days > 0 else f"há {_span_of_days(-days)}"


def _shape(text: str, pattern: str) -> str:
    """Fill every ``#`` of ``pattern`` with the next character of ``text``."""
    characters = iter(text)
    return "".join(next(characters, "") if place == "#" else place for place in pattern)


def _alphanumeric(text: object) -> str:
    return re.sub(r"[^0-9A-Z]", "", str(text or "").upper())


def document(value: object) -> str:
    """CPF ``123.456.789-09`` or CNPJ ``12.ABC.345/01DE-35``, grouped."""
    bare = _alphanumeric(value)
    if len(bare) == 11:
        return _shape(bare, "###.###.###-##")
    if len(bare) == 14:
        return _shape(bare, "##.###.###/####-##")
    return bare or EMPTY


def document_masked(value: object) -> str:
    """``***.456.789-**`` and ``12.***.***/****-35``, as ``regua.documents`` masks them."""
    bare = _alphanumeric(value)
    if len(bare) == 11:
        return _shape(f"***{bare[3:9]}**", "###.###.###-##")
    if len(bare) == 14:
        return _shape(f"{bare[:2]}{'*' * 10}{bare[12:]}", "##.###.###/####-##")
    return EMPTY if not bare else "*" * len(bare)


def phone(value: object) -> str:
    digits = re.sub(r"\D", "", str(value or ""))
    if len(digits) in (12, 13) and digits.startswith("55"):
        digits = digits[2:]
    if len(digits) == 11:
        return _shape(digits, "(##) #####-####")
    if len(digits) == 10:
        return _shape(digits, "(##) ####-####")
    return str(value or "") or EMPTY


def cep(value: object) -> str:
    digits = re.sub(r"\D", "", str(value or ""))
    return _shape(digits, "#####-###") if len(digits) == 8 else str(value or "") or EMPTY
