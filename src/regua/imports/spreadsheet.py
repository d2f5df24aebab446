"""A program: ``python spreadsheet.py FILE`` writes the first sheet of an XLSX as CSV in UTF-8.

A process of its own, with a limit to its memory and its time: a sheet made to harm ends this one
and nobody else. It knows nothing of the product.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

MEMORY = 1536 * 1024 * 1024
SECONDS = 120


def cell(value: object) -> str:
    """A cell as CSV would have it: whole numbers without a fraction, days as ISO."""
    match value:
        case None:
            return ""
        case bool():
            return "Sim" if value else "Não"
        case float():
            if value.is_integer() and abs(value) < 1e15:
                return str(int(value))
            return f"{round(value, 8):f}".rstrip("0").rstrip(".")
        case datetime():
            return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
        case date() | time() | timedelta():
            return str(value)
    return str(value).replace("\0", "")


def rows(path: str) -> Iterator[list[str]]:
    from python_calamine import CalamineWorkbook

    sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    for row in sheet.iter_rows():
        yield [cell(value) for value in row]


def main() -> None:
    try:
        import resource
    except ImportError:  # not on every system
        pass
    else:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.reconfigure(encoding="utf-8", errors="replace", newline="")  # type: ignore[union-attr]
    csv.writer(sys.stdout, lineterminator="\r\n").writerows(rows(sys.argv[1]))


if __name__ == "__main__":
    main()
