"""Read a bureau's JSON leniently where it does not matter and strictly where it does.

Unknown fields are ignored, missing optional ones have a default. A required field that is missing
or makes no sense raises ``MalformedAnswer``, which names the field and never its value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

BUREAU_TIMEZONE = ZoneInfo("America/Sao_Paulo")
MAX_INTEGER = 2**63 - 1

_MONEY = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,2})?")
_FRACTION = re.compile(r"[0-9]{1,3}(\.[0-9]{1,12})?")
_CENT = Decimal("0.01")

T = TypeVar("T")


class MalformedAnswer(Exception):
    """An answer does not have the agreed shape; the text says where, in Portuguese."""


def parse_json(content_type: str, content: bytes) -> Any:
    """Parse a body, or return the ``MalformedAnswer`` to be raised by whoever needs it."""
    if not content:
        return MalformedAnswer("veio vazia")
    if "json" not in content_type and content.lstrip()[:1] not in (b"{", b"["):
        return MalformedAnswer("não é JSON")
    try:
        value = json.loads(content.decode("utf-8-sig"), parse_constant=_refuse_constant)
        if b"\\u" in content or b"\0" in content:
            value = _storable(value)
    except (ValueError, RecursionError):
        return MalformedAnswer("não é JSON válido")
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _storable(value: Any) -> Any:
    """Drop what JSON can spell and PostgreSQL cannot store: NUL and lone surrogates."""
    if isinstance(value, str):
        return value.replace("\0", "").encode(errors="replace").decode()
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(item) for name, item in value.items()}
    return value


class Record:
    """One JSON object of an answer, read field by field."""

    def __init__(self, value: Any, *, where: str = "resposta") -> None:
        if not isinstance(value, Mapping):
            raise MalformedAnswer(f"{where}: era esperado um objeto")
        self._fields = value
        self._where = where

    def text(self, name: str) -> str:
        """Return a required text; an empty one counts as missing."""
        value = self.optional_text(name)
        if not value:
            raise self._malformed(name, "falta")
        return value

    def optional_text(self, name: str) -> str:
        """Return a text, or "" where it is missing, null or empty."""
        value = self._fields.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self._malformed(name, "deveria ser um texto")
        return value.strip()

    def integer(self, name: str, *, at_most: int = MAX_INTEGER) -> int:
        value = self._fields.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= at_most:
            raise self._malformed(name, "deveria ser um número inteiro")
        return value

    def money(self, name: str) -> Decimal:
        """Return an exact amount; JSON numbers are refused, they are not exact."""
        value = self._fields.get(name)
        if not isinstance(value, str) or not _MONEY.fullmatch(value):
            raise self._malformed(name, "deveria ser um valor como 129.90")
        return Decimal(value).quantize(_CENT)

    def optional_fraction(self, name: str) -> Decimal | None:
        """Return a number from 0 to 1 written as text, or None."""
        value = self._fields.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or not _FRACTION.fullmatch(value) or Decimal(value) > 1:
            raise self._malformed(name, "deveria ser um valor entre 0 e 1")
        return Decimal(value)

    def day(self, name: str) -> date:
        value = self.optional_day(name)
        if value is None:
            raise self._malformed(name, "falta")
        return value

    def optional_day(self, name: str) -> date | None:
        """Return a day of the bureau's calendar; an instant is turned into its day."""
        text = self.optional_text(name)
        if not text:
            return None
        try:
            if len(text) == 10:
                return date.fromisoformat(text)
            instant = datetime.fromisoformat(text)
            return (instant.astimezone(BUREAU_TIMEZONE) if instant.tzinfo else instant).date()
        except (ValueError, OverflowError):
            pass
        raise self._malformed(name, "deveria ser uma data")

    def instant(self, name: str) -> datetime:
        """Return an aware instant; one without an offset is taken as the bureau's own clock."""
        text = self.text(name)
        try:
            instant = datetime.fromisoformat(text)
            if instant.tzinfo is None:
                instant = instant.replace(tzinfo=BUREAU_TIMEZONE)
            instant.timestamp()
        except (ValueError, OverflowError):
            pass
        else:
            return instant
        raise self._malformed(name, "deveria ser um instante")

    def choice(self, name: str, choices: Mapping[str, T], *, default: T | None = None) -> T:
        """Translate a code; an unknown one becomes ``default``, or is malformed without it."""
        choice = choices.get(self.text(name), default)
        if choice is None:
            raise self._malformed(name, "traz um código desconhecido")
        return choice

    def record(self, name: str) -> Record:
        return Record(self._fields.get(name), where=f"{self._where}.{name}")

    def optional_record(self, name: str) -> Record | None:
        return None if self._fields.get(name) is None else self.record(name)

    def records(self, name: str) -> list[Record]:
        return records(self._fields.get(name), where=f"{self._where}.{name}")

    def optional(self, name: str, read: Callable[[str], T]) -> T | None:
        """Return ``read(name)``, or None where the field is missing or null."""
        return None if self._fields.get(name) is None else read(name)

    def _malformed(self, name: str, problem: str) -> MalformedAnswer:
        return MalformedAnswer(f"{self._where}: o campo {name} {problem}")


def records(value: Any, *, where: str = "resposta") -> list[Record]:
    """Read a JSON list of objects."""
    if not isinstance(value, list):
        raise MalformedAnswer(f"{where}: era esperada uma lista")
    return [Record(item, where=f"{where}[{index}]") for index, item in enumerate(value)]
