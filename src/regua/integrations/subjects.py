"""What a call to a bureau was about, in words: whoever calls names it here.

The apps that call (inquiries, restrictions) stand above this one, so each registers its kind of
``BureauCall.subject`` in its ``AppConfig.ready()``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from regua.accounts.models import User


class Subject(NamedTuple):
    label: str
    """As ``Consulta nº 12``."""
    url: str = ""
    """Its page; '' where this person may not open it."""
    name: str = ""
    """Whose it is."""


Find = Callable[[Collection[int], User], dict[int, Subject]]
"""Those of the numbers that this person may see, in one query."""

_kinds: dict[str, tuple[str, Find]] = {}


def register(kind: str, label: str, find: Find) -> None:
    """``kind`` is what stands before the colon in ``BureauCall.subject``."""
    _kinds[kind] = (label, find)


def named(subjects: Iterable[str], *, actor: User) -> dict[str, Subject]:
    """The known ones among ``subjects``; one query per kind."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for subject in subjects:
        kind, _, number = subject.partition(":")
        if kind in _kinds and number.isdecimal():
            numbers[kind].add(int(number))
    found = {}
    for kind, ids in numbers.items():
        label, find = _kinds[kind]
        seen = find(ids, actor)
        for pk in ids:
            found[f"{kind}:{pk}"] = seen.get(pk) or Subject(f"{label} nº {pk}")
    return found
