"""Scripted faults: rules that spoil calls and webhooks on purpose."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

WEBHOOK_KINDS = ("webhook_duplicate", "webhook_delay", "webhook_disorder")
KINDS = {
    "latency": "espera `seconds` e segue",
    "status": "responde `status`; com `done`, depois de fazer o trabalho",
    "lost_answer": "faz o trabalho e corta a conexão sem responder",
    "drop": "corta a conexão sem fazer nada",
    "timeout": "não responde até o cliente desistir (ou `seconds`); com `done`, trabalha antes",
    "garbled": "faz o trabalho e responde HTML no lugar do JSON",
    "webhook_duplicate": "entrega o aviso duas vezes",
    "webhook_delay": "atrasa o aviso `seconds`",
    "webhook_disorder": "segura o aviso até passar o seguinte (ou `seconds`)",
}


class RuleError(ValueError):
    """A rule that makes no sense; the text is for a person."""


@dataclass
class Rule:
    """One fault; it fires on the calls it matches after `skip` of them, `times` times at most."""

    kind: str
    method: str = ""
    path: str = "/v1/"
    """Prefix of the path, or a regular expression when it begins with ^."""
    status: int = 500
    code: str = ""
    retry_after: float | None = None
    seconds: float | None = None
    done: bool = False
    skip: int = 0
    times: int | None = None
    probability: float = 1.0
    id: int = 0
    seen: int = field(default=0)
    hits: int = field(default=0)

    def matches(self, method: str, path: str) -> bool:
        if self.method and self.method.upper() != method:
            return False
        if self.path.startswith("^"):
            return re.search(self.path, path) is not None
        return path.startswith(self.path)

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Rule:
        unknown = set(given) - set(cls.__dataclass_fields__) | set(given) & {"id", "seen", "hits"}
        if unknown:
            raise RuleError(f"campos desconhecidos: {', '.join(sorted(unknown))}")
        if given.get("kind") not in KINDS:
            raise RuleError(f"kind deve ser um de: {', '.join(KINDS)}")
        rule = cls(**given)
        for name, value, types in (
            ("method", rule.method, str),
            ("path", rule.path, str),
            ("status", rule.status, int),
            ("code", rule.code, str),
            ("done", rule.done, bool),
            ("skip", rule.skip, int),
            ("probability", rule.probability, int | float),
            ("times", rule.times, int | None),
            ("seconds", rule.seconds, int | float | None),
            ("retry_after", rule.retry_after, int | float | None),
        ):
            if not isinstance(value, types):
                raise RuleError(f"{name} inválido")
        if not 400 <= rule.status <= 599:
            raise RuleError("status deve ficar entre 400 e 599")
        try:
            re.compile(rule.path)
        except re.error as error:
            raise RuleError("path não é uma expressão regular válida") from error
        return rule


class Faults:
    """The rules in force, in the order they were given."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._rules: list[Rule] = []
        self._last_id = 0
        self._chance = random.Random(seed)  # noqa: S311

    def add(self, rules: list[Rule]) -> None:
        for rule in rules:
            self._last_id += 1
            rule.id = self._last_id
            self._rules.append(rule)

    def clear(self) -> None:
        """Forget the rules and begin the random series again."""
        self._rules.clear()
        self._chance = random.Random(self._seed)  # noqa: S311

    def remove(self, identity: int) -> bool:
        left = [rule for rule in self._rules if rule.id != identity]
        found = len(left) < len(self._rules)
        self._rules = left
        return found

    def as_list(self) -> list[dict[str, Any]]:
        return [asdict(rule) for rule in self._rules]

    def call(self, method: str, path: str) -> tuple[float, Rule | None]:
        """Seconds of latency for this call and the one fault that answers it, if any."""
        latency = 0.0
        for rule in self._rules:
            if rule.kind in WEBHOOK_KINDS or not rule.matches(method, path):
                continue
            if not self._fires(rule):
                continue
            if rule.kind != "latency":
                return latency, rule
            latency += rule.seconds or 0.0
        return latency, None

    def webhook(self, kind: str) -> Rule | None:
        """The rule of that kind which fires on this webhook."""
        for rule in self._rules:
            if rule.kind == kind and self._fires(rule):
                return rule
        return None

    def _fires(self, rule: Rule) -> bool:
        rule.seen += 1
        if rule.seen <= rule.skip or (rule.times is not None and rule.hits >= rule.times):
            return False
        if rule.probability < 1 and self._chance.random() >= rule.probability:
            return False
        rule.hits += 1
        return True
