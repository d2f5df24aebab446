"""XLSX with real numbers and dates.

XlsxWriter makes the workbook (styles, header, filter, widths) with one sample row per sheet; the
rows themselves are written by PostgreSQL as the sheet's XML and streamed into its place. Cell by
cell in Python would be some ten times slower.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from html import escape
from itertools import islice
from typing import BinaryIO

import xlsxwriter

from regua.reports.definition import Column, Kind
from regua.reports.exports.source import ZONE, File, Source, Wording, choice, plain
from regua.reports.exports.storage import Progress, TooMuch

SHEET_ROWS = 1_048_575
"""How many rows a sheet holds below its header."""
SHEET_BYTES = 2_000_000_000
"""Beyond it a sheet's XML would need the large kind of ZIP file, at which Excel warns."""
_FORMATS = {
    Kind.MONEY: "R$ #,##0.00",
    Kind.NUMBER: "0",
    Kind.INSTANT: "dd/mm/yyyy hh:mm:ss",
    Kind.DAY: "dd/mm/yyyy",
    Kind.PERCENT: "0.00%",
}
_SAMPLE_ROW = re.compile(rb'<row r="2".*?</row>', re.DOTALL)
_SAMPLE_STYLE = re.compile(rb'<c r="[A-Z]+2"(?: s="(\d+)")?')
_DIMENSION = re.compile(rb"<dimension[^>]*/>")
_ESCAPES = {"b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, "\\": 92}
_ESCAPED = re.compile(rb"\\([btnvfr\\])")
_NOT_XML = bytes(set(range(32)) - {9, 10, 13})


def write(file: BinaryIO, source: Source, about: File, progress: Progress) -> None:
    with zipfile.ZipFile(_template(source, about)) as template:
        sheets = [name for name in template.namelist() if name.startswith("xl/worksheets/sheet")]
        styles = _styles(template.read(sheets[0]), len(source.columns))
        words = source.words(_cells(source.columns, styles))
        row = f"concat('<row>', {', '.join(words)}, '</row>')" if words else "'<row/>'"
        with (
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book,
            source.copy("FORMAT text, ENCODING 'UTF8'", [row]) as copy,
        ):
            rows = iter(copy)
            for info in template.infolist():
                if info.filename not in sheets:
                    book.writestr(info.filename, template.read(info))
                    continue
                start, _, end = _SAMPLE_ROW.sub(b"", template.read(info)).partition(b"</sheetData>")
                with book.open(info.filename, "w") as sheet:
                    sheet.write(_DIMENSION.sub(b"", start))
                    for block in _blocks(rows, progress):
                        sheet.write(block)
                    sheet.write(b"</sheetData>" + end)
            next(rows, None)  # COPY has ended only once that was read too


def _template(source: Source, about: File) -> io.BytesIO:
    """A workbook whose sheets have the header and, to learn the styles from, one empty row."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        book.set_properties({"title": about.title, "author": about.author, "subject": about.about})
        bold = book.add_format({"bold": True, "bottom": 1, "bg_color": "#E6ECF2"})
        formats = {kind: book.add_format({"num_format": code}) for kind, code in _FORMATS.items()}
        count = max(1, -(-source.count // SHEET_ROWS))
        for number in range(count):
            sheet = book.add_worksheet("Dados" if count == 1 else f"Dados {number + 1}")
            below = min(source.count - number * SHEET_ROWS, SHEET_ROWS)
            for place, column in enumerate(source.columns):
                sheet.write_string(0, place, column.label, bold)
                sheet.write_blank(1, place, None, formats.get(column.kind, bold))
                sheet.set_column(place, place, max(column.width, len(column.label) + 3))
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, below, len(source.columns) - 1)
    made.seek(0)
    return made


def _styles(sheet: bytes, count: int) -> list[str]:
    """The number that XlsxWriter gave the style of each column's sample cell."""
    sample = _SAMPLE_ROW.search(sheet)
    found = _SAMPLE_STYLE.findall(sample[0]) if sample else []
    if len(found) != count:
        raise RuntimeError("XlsxWriter writes its rows in a way unknown to us")
    return [style.decode() for style in found]


def _cells(columns: Sequence[Column], styles: Sequence[str]) -> Wording:
    by_key = {column.key: style for column, style in zip(columns, styles, strict=True)}

    def cell(column: Column, value: str) -> str:
        style = by_key[column.key]
        match column.kind:
            case Kind.MONEY | Kind.NUMBER | Kind.PERCENT:
                return _number(value, value, style)
            case Kind.INSTANT:
                since = f"({value} AT TIME ZONE '{ZONE}') - timestamp '1899-12-30'"
                return _number(value, f"extract(epoch FROM {since})::float8 / 86400", style)
            case Kind.DAY:
                return _number(value, f"{value} - date '1899-12-30'", style)
            case Kind.TEXT:
                # Excel reads _x0041_ as a character's code.
                escaped = (
                    f"CASE WHEN strpos({value}, '_x') = 0 THEN {value} ELSE regexp_replace("
                    f"{value}, '_(x[0-9A-Fa-f]{{4}}_)', '_x005F_\\1', 'g') END"
                )
                for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
                    escaped = f"replace({escaped}, '{sign}', '{entity}')"
                return _text(value, escaped)
            case Kind.CHOICE:
                return _text(value, choice(column, value, lambda label: escape(label, quote=False)))
            case _:
                return _text(value, plain(column, value))

    return cell


def _number(value: str, written: str, style: str) -> str:
    filled = f"concat('<c s=\"{style}\"><v>', {written}, '</v></c>')"
    return f"CASE WHEN {value} IS NULL THEN '<c/>' ELSE {filled} END"


def _text(value: str, written: str) -> str:
    filled = f"concat('<c t=\"inlineStr\"><is><t>', {written}, '</t></is></c>')"
    return f"CASE WHEN {value} <> '' THEN {filled} ELSE '<c/>' END"


def _blocks(rows: Iterator[bytes | bytearray | memoryview], progress: Progress) -> Iterator[bytes]:
    """The next sheet's rows, some hundreds at a time."""
    size = done = 0
    while some := list(islice(rows, min(400, SHEET_ROWS - done))):
        block = b"".join(map(_readable, some))
        done += len(some)
        progress.rows += len(some)
        size += len(block)
        if size > SHEET_BYTES:
            raise TooMuch(
                "O Excel não comporta tanto texto numa planilha. Nenhum arquivo foi gerado. "
                "Escolha menos colunas, um período menor, ou o formato CSV."
            )
        yield block


def _readable(written: bytes | bytearray | memoryview) -> bytes:
    """Undo COPY's escapes and leave out what XML cannot say."""
    row = bytes(written)
    if b"\\" in row:
        row = _ESCAPED.sub(lambda found: bytes([_ESCAPES[found[1].decode()]]), row)
    return row.translate(None, _NOT_XML)
