"""Writes the table of the gate's rules into docs/law.md; with ``--check``, says if it is stale.

python tools/law.py [--check]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs/law.md"
START, END = "<!-- rules: written by tools/law.py -->", "<!-- end of rules -->"


def table() -> str:
    """The rules as Markdown. Needs ``django.setup()``."""
    from regua.compliance.rules import RULES

    lines = [
        "| rule | must hold | source | severity | profile | overridable |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{rule.code}` | {rule.title} | {rule.citation} | {rule.severity} | {rule.profile} | "
        f"{'yes' if rule.overridable else 'no'} |"
        for rule in RULES
    ]
    return "\n".join(lines)


def main() -> int:
    import django

    os.environ.setdefault("DATABASE_URL", "postgresql://nobody@/none?host=/nonexistent")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regua.project.settings")
    django.setup()
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    after = rest.partition(END)[2]
    wanted = f"{before}{START}\n{table()}\n{END}{after}"
    if "--check" in sys.argv[1:]:
        return 0 if text == wanted else 1
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
