"""What is known of a column, and of the kind of thing that a line is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from regua.accounts.permissions import Permission
from regua.parties.models import search_key


class Type(Enum):
    """How the text of a cell is read."""

    TEXT = "text"
    EMAIL = "email"
    DATE = "date"
    MONEY = "money"
    DOCUMENT = "document"
    PHONE = "phone"
    CEP = "cep"
    BOOLEAN = "boolean"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Field:
    """A column that a kind knows."""

    name: str
    label: str
    type: Type = Type.TEXT
    aliases: tuple[str, ...] = ()
    """Other headers, as people and the usual billing systems write them."""
    required: bool = False
    length: int = 0
    """At most so many characters."""
    choices: Mapping[str, str] = field(default_factory=dict)
    """What a cell may say, in lower case → what is stored."""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    slug: str
    label: str
    one: str
    permissions: tuple[Permission, ...]
    fields: tuple[Field, ...]
    one_of: tuple[tuple[str, ...], ...] = ()
    """Of each of these groups at least one field must be there."""

    def field(self, name: str) -> Field | None:
        return next((f for f in self.fields if f.name == name), None)

    def recognise(self, headers: Sequence[str]) -> dict[str, int]:
        """Field → place of the header that means it. A header is taken once, the first wins."""
        known = {
            key(text): f.name
            for f in self.fields
            for text in (*reversed(f.aliases), f.label, f.name)
        }
        found: dict[str, int] = {}
        for place, header in enumerate(headers):
            name = known.get(key(header))
            if name and name not in found:
                found[name] = place
        return found

    def missing(self, mapping: Mapping[str, int]) -> list[str]:
        """What has no column and must have one, in words."""
        lacking = [f.label for f in self.fields if f.required and f.name not in mapping]
        for group in self.one_of:
            if not any(name in mapping for name in group):
                lacking.append(" ou ".join(f.label for f in self.fields if f.name in group))
        return lacking


def key(header: str) -> str:
    """A header without what people write differently: case, accents, signs."""
    return re.sub(r"[^a-z0-9]", "", search_key(header))
