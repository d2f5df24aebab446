"""XLSX, of which nobody knows what is inside before it has been looked at."""

from __future__ import annotations

import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from django.core.exceptions import ValidationError

from regua.imports import spreadsheet

MAX_BYTES = 25 * 1024 * 1024
MAX_INFLATED = 400 * 1024 * 1024
MAX_ENTRIES = 1000
MAX_RATIO = 250
"""A sheet of the same few values shrinks about a hundredfold; a bomb, more than a thousandfold."""
_NOTHING = "Nada foi importado."
_AS_CSV = "Salve a planilha como CSV e envie o CSV."
_BLOCK = 1 << 18
_BROKEN = f"A planilha está estragada e não se deixa abrir. {_NOTHING} {_AS_CSV}"


def is_zip(head: bytes) -> bool:
    return head.startswith(b"PK\x03\x04")


def is_old(head: bytes) -> bool:
    """The spreadsheets of before 2007, and any that is locked with a password."""
    return head.startswith(b"\xd0\xcf\x11\xe0")


def refuse_old() -> ValidationError:
    return ValidationError(
        f"Esta planilha é de um formato antigo (XLS) ou tem senha. {_NOTHING} "
        "Salve-a como XLSX sem senha, ou como CSV."
    )


def guard(file: BinaryIO, size: int) -> None:
    """Raise ``ValidationError`` unless it is an XLSX that is as large as it says, and not larger
    than we take. Nothing is kept of what is inflated."""
    if size > MAX_BYTES:
        raise ValidationError(f"A planilha tem mais de 25 MB. {_NOTHING} {_AS_CSV}")
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
                raise ValidationError(
                    f"O arquivo não é uma planilha XLSX nem um CSV. {_NOTHING} {_AS_CSV}"
                )
            inflated = sum(entry.file_size for entry in entries)
            if (
                len(entries) > MAX_ENTRIES
                or len(names) != len(entries)
                or inflated > MAX_INFLATED
                or inflated > max(size, 1 << 20) * MAX_RATIO
                or any(entry.flag_bits & 1 for entry in entries)
            ):
                raise _too_much()
            for entry in entries:
                _inflate(file, entry)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError):
        raise ValidationError(_BROKEN) from None


def _inflate(file: BinaryIO, entry: zipfile.ZipInfo) -> None:
    """Find out that an entry is not larger than it says; the directory of a bomb may lie."""
    if entry.compress_type == zipfile.ZIP_STORED:
        if entry.compress_size != entry.file_size:
            raise zipfile.BadZipFile
        return
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        raise zipfile.BadZipFile
    file.seek(entry.header_offset)
    header = file.read(30)
    if len(header) < 30 or header[:4] != b"PK\x03\x04":
        raise zipfile.BadZipFile
    file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    inflater, left, found = zlib.decompressobj(-15), entry.compress_size, 0
    data = b""
    while not inflater.eof and (data or left):
        if not data:
            data = file.read(min(left, _BLOCK))
            left -= len(data)
            if not data:
                raise zipfile.BadZipFile
        found += len(inflater.decompress(data, _BLOCK))
        data = inflater.unconsumed_tail
        if found > entry.file_size:
            raise _too_much()


def _too_much() -> ValidationError:
    return ValidationError(
        f"A planilha se abre em muito mais dados do que cabem aqui. {_NOTHING} {_AS_CSV}"
    )


def as_csv(path: Path) -> Iterator[bytes]:
    """The first sheet as CSV, in blocks. Raises ``ValidationError``."""
    command = [sys.executable, "-I", spreadsheet.__file__, str(path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    ) as process:
        try:
            output = cast(BinaryIO, process.stdout)
            while block := output.read(_BLOCK):
                yield block
            if process.wait() != 0:
                raise ValidationError(
                    f"A planilha não se deixa abrir: está estragada ou é grande demais. {_NOTHING} "
                    f"{_AS_CSV}"
                )
        finally:
            process.kill()
