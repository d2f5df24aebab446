"""Every way the bureau says no, without a word about HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from regua.sandbox.validation import Problem


class Kind(Enum):
    MALFORMED = "malformed"
    UNKNOWN_CALLER = "unknown caller"
    NO_BALANCE = "no balance"
    NOT_CONTRACTED = "not contracted"
    NOT_FOUND = "not found"
    CONFLICT = "conflict"
    INVALID = "invalid"


class Refusal(Exception):
    """The bureau refuses; `code` is its own code and `message` is for a person."""

    def __init__(
        self,
        kind: Kind,
        code: str,
        message: str,
        *,
        problems: Sequence[Problem] = (),
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{kind.value} {code}")
        self.kind = kind
        self.code = code
        self.message = message
        self.problems = tuple(problems)
        self.details = dict(details or {})


def malformed(code: str, message: str) -> Refusal:
    return Refusal(Kind.MALFORMED, code, message)


def not_found() -> Refusal:
    return Refusal(Kind.NOT_FOUND, "404", "Protocolo não encontrado.")


def invalid(problems: Sequence[Problem]) -> Refusal:
    message = problems[0].message
    if len(problems) > 1:
        message = f"{len(problems)} campos com problema. O primeiro: {message}"
    return Refusal(Kind.INVALID, problems[0].code, message, problems=problems)
