"""CSV as Brazilian spreadsheets open it: semicolons, decimal commas, UTF-8 with its mark."""

from __future__ import annotations

import csv
import io
from itertools import islice
from typing import BinaryIO

from regua.reports.definition import Column, Kind
from regua.reports.exports.source import File, Source, plain
from regua.reports.exports.storage import Progress


def write(file: BinaryIO, source: Source, _about: File, progress: Progress) -> None:
    head = io.StringIO()
    csv.writer(head, delimiter=";", lineterminator="\n").writerow(c.label for c in source.columns)
    file.write(b"\xef\xbb\xbf" + head.getvalue().encode())
    with source.copy("FORMAT csv, DELIMITER ';', ENCODING 'UTF8'", source.words(_cell)) as copy:
        rows = iter(copy)
        while some := list(islice(rows, 400)):
            file.write(b"".join(some))
            progress.rows += len(some)


def _cell(column: Column, value: str) -> str:
    """Text that a spreadsheet would run as a formula gets an apostrophe before it (OWASP)."""
    written = plain(column, value)
    if column.kind is not Kind.TEXT:
        return written
    return (
        f"CASE WHEN left({value}, 1) IN ('=', '+', '-', '@', E'\\t', E'\\r', E'\\n')"
        f" THEN concat('''', {value}) ELSE {written} END"
    )
