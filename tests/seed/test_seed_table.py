"""docs/seed.md says what is so: its tests and URL names exist; what is not yet there has none."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from django.urls import get_resolver

HERE = Path(__file__).parent
LINES = [
    [cell.strip() for cell in line.strip("| \n").split(" | ")]
    for line in (HERE.parents[1] / "docs" / "seed.md").read_text("utf-8").splitlines()
    if re.match(r"\| S\d\d \|", line)
]
URL_NAMES = {name for name in get_resolver().reverse_dict if isinstance(name, str)}


@cache
def _tests() -> set[str]:
    """Every test of the documentation in this folder, as ``file::function``."""
    return {
        f"{path.name}::{node.name}"
        for path in HERE.glob("test_*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and re.match(r"test_s\d\d_", node.name)
    }


def _named(pattern: str, *cells: str) -> set[str]:
    return {found for cell in cells for found in re.findall(pattern, cell)}


def test_every_sentence_is_there_once_and_in_order() -> None:
    assert [line[0] for line in LINES] == [f"S{number:02}" for number in range(1, 90)]


def test_the_tests_it_names_are_the_tests_there_are() -> None:
    told = _named(r"`(test_\w+\.py::\w+)`", *(line[-1] for line in LINES))
    assert told == _tests()


def test_a_test_stands_in_the_line_of_its_own_number() -> None:
    for line in LINES:
        own = {test for test in _tests() if f"::test_{line[0].lower()}_" in test}
        assert own <= _named(r"`(test_\w+\.py::\w+)`", line[-1])


def test_every_url_name_resolves() -> None:
    for number, _, where, *_ in LINES:
        assert _named(r"`(\w+)`", where) <= URL_NAMES, number


def test_what_is_not_yet_there_has_no_url() -> None:
    promised = _named(r"not yet: `(\w+)`", *(line[3] for line in LINES))
    assert not promised & URL_NAMES, "built meanwhile: say so in docs/seed.md, and test it"


def test_what_is_built_is_tested_and_shown_somewhere() -> None:
    for number, _, where, state, *rest in LINES:
        if state.startswith("built"):
            assert rest, number
            assert "`" in where, number
            assert "::" in rest[0], number
        else:
            assert state == "context" or "not yet" in state, number
