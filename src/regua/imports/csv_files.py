"""CSV as it comes: which encoding, which separator, and its lines, however large the file."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.core.exceptions import ValidationError

SAMPLE = 256 * 1024
"""Bytes that are looked at to find the separator."""
MAX_LINE = 4 * 1024 * 1024
"""Bytes without a line's end."""
DELIMITERS = ";,\t|"
_NOTHING = "Nada foi importado."


class Scanner:
    """Looks at every byte as it goes by: what encoding it can be, and whether it is text at all."""

    def __init__(self) -> None:
        self.head = b""
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._is_utf8 = True
        self._undefined = False
        self._wide = ""
        self._since_line = 0

    def feed(self, data: bytes) -> None:
        """Raises ``ValidationError`` for what is no text file."""
        first = not self.head
        if len(self.head) < SAMPLE:
            self.head += data[: SAMPLE - len(self.head)]
        if first:
            self._wide = _utf16(self.head)
        if not self._wide and b"\0" in data:
            raise ValidationError(
                f"O arquivo não é um texto: tem caracteres nulos. {_NOTHING} "
                "Abra-o na planilha e salve como CSV ou XLSX."
            )
        last = max(data.rfind(b"\n"), data.rfind(b"\r"))
        self._since_line = self._since_line + len(data) if last < 0 else len(data) - last
        if self._since_line > MAX_LINE:
            raise ValidationError(
                f"O arquivo tem uma linha com mais de 4 MB: não parece uma tabela. {_NOTHING}"
            )
        if self._is_utf8 and not self._wide:
            try:
                self._utf8.decode(data)
            except UnicodeDecodeError:
                self._is_utf8 = False
        self._undefined = self._undefined or any(c in data for c in b"\x81\x8d\x8f\x90\x9d")

    @property
    def encoding(self) -> str:
        """Of all that went by."""
        if self._wide:
            return self._wide
        if self.head.startswith(codecs.BOM_UTF8):
            return "utf-8-sig" if self._is_utf8 else "cp1252"
        if self._is_utf8:
            return "utf-8"
        return "latin-1" if self._undefined else "cp1252"


def _utf16(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Without its mark: every other byte of plain text is nought.
    sample = head[:200]
    if len(sample) >= 4 and sample.count(0) * 5 >= len(sample) * 2:
        return "utf-16-le" if sample[1] == 0 else "utf-16-be"
    return ""


def delimiter_of(head: bytes, encoding: str) -> str:
    """The separator that cuts the first lines most alike, into the most columns."""
    text = head.decode(encoding, "replace")
    if len(head) >= SAMPLE:
        text = text[: text.rfind("\n") + 1] or text
    lines = text.splitlines()
    if lines and lines[0].lower().startswith("sep=") and lines[0][4:5] in tuple(DELIMITERS):
        return lines[0][4]

    def score(delimiter: str) -> tuple[int, int]:
        try:
            rows = [row for row in csv.reader(lines[:200], delimiter=delimiter) if row][:50]
        except csv.Error:
            return 0, 0
        width = len(rows[0]) if rows else 0
        return (sum(len(row) == width for row in rows) if width > 1 else 0), width

    return max(DELIMITERS, key=score) if max(map(score, DELIMITERS)) > (0, 0) else ";"


def read(chunks: Iterable[bytes], encoding: str, delimiter: str) -> Iterator[list[str]]:
    """The records, in order, blank ones too. Raises ``ValidationError`` with a sentence."""
    # The mark of UTF-16 is read away, that of the others by its name.
    text = io.TextIOWrapper(
        io.BufferedReader(_Chunks(chunks), 1 << 20), encoding=encoding, newline=""
    )
    reader = csv.reader(text, delimiter=delimiter)
    try:
        first = next(reader, None)
        if first is not None:
            # What Excel is told there is no record, but it counts the line.
            yield [] if delimiter.join(first).lower() == f"sep={delimiter}" else first
        yield from reader
    except csv.Error:
        raise ValidationError(
            f"A linha {reader.line_num} do arquivo não se deixa ler: uma célula passa de 130 mil "
            f"letras, ou há aspas abertas que não fecham. {_NOTHING} Corrija a linha e envie de "
            "novo."
        ) from None
    except UnicodeError:
        raise ValidationError(
            f"Depois da linha {reader.line_num} há caracteres que não são texto. {_NOTHING} "
            "Salve o arquivo de novo como CSV em UTF-8."
        ) from None


def head_of(rows: Iterator[list[str]]) -> tuple[int, list[str]]:
    """The number and the cells of the first line with any content; ``ValidationError`` without."""
    for number, row in enumerate(islice(rows, 50), 1):
        if any(cell.strip() for cell in row):
            while row and not row[-1].strip():
                row.pop()
            return number, [cell.strip() for cell in row]
    raise ValidationError(f"O arquivo está vazio. {_NOTHING}")


def write(rows: Iterable[Sequence[object]]) -> bytes:
    """As Brazilian spreadsheets open it; what they would run as a formula has an apostrophe."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerows(
        [_harmless("" if cell is None else str(cell)) for cell in row] for row in rows
    )
    return buffer.getvalue().encode()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in tuple("=+-@\t\r\n") and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    return cell[:1] in "+-" and cell[1:].replace(".", "").replace(",", "").isdecimal()


class _Chunks(io.RawIOBase):
    """A file of what an iterator gives."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        target = memoryview(buffer)
        while not self._left:
            following = next(self._chunks, None)
            if following is None:
                return 0
            self._left = memoryview(following)
        size = min(len(target), len(self._left))
        target[:size] = self._left[:size]
        self._left = self._left[size:]
        return size
