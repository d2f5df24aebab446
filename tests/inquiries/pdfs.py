"""What a PDF drawn by ReportLab says, read back from its content streams."""

from __future__ import annotations

import base64
import re
import zlib

_STREAM = re.compile(
    rb"/Filter \[ /ASCII85Decode /FlateDecode \].*?stream\r?\n(.*?)endstream", re.S
)
_SHOWN = re.compile(rb"\(((?:\\.|[^\\()])*)\) Tj", re.S)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.S)


def pages_of(pdf: bytes) -> list[str]:
    """The text of each page, its pieces joined by spaces."""
    assert pdf.startswith(b"%PDF-")
    assert pdf.rstrip().endswith(b"%%EOF")
    streams = [
        zlib.decompress(base64.a85decode(found.strip(), adobe=True))
        for found in _STREAM.findall(pdf)
    ]
    return [" ".join(map(_text, _SHOWN.findall(stream))) for stream in streams]


def text_of(pdf: bytes) -> str:
    return " ".join(pages_of(pdf))


def _text(shown: bytes) -> str:
    def plain(found: re.Match[bytes]) -> bytes:
        code = found[1]
        return bytes([int(code, 8)]) if code.isdigit() else code

    return _ESCAPE.sub(plain, shown).decode("cp1252").replace("\xa0", " ")
