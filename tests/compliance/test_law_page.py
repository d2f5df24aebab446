"""docs/law.md and the rules say the same."""

from __future__ import annotations

from pathlib import Path

from regua.compliance.rules import RULES

PAGE = (Path(__file__).resolve().parents[2] / "docs/law.md").read_text(encoding="utf-8")


def test_the_table_is_the_rules() -> None:
    lines = PAGE.splitlines()
    head = next(n for n, line in enumerate(lines) if line.startswith("| rule |"))
    rows = []
    for line in lines[head + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    assert rows == [
        [
            f"`{rule.code}`",
            rule.title,
            rule.citation,
            str(rule.severity),
            str(rule.profile),
            "yes" if rule.overridable else "no",
        ]
        for rule in RULES
    ], "run tools/law.py"
