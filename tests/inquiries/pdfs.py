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


def squeezed(text: str) -> str:
    """Only what an embedded font leaves readable: printable ASCII, without the spaces."""
    return re.sub(r"[^!-~]+", "", text)


def pages_of(pdf: bytes) -> list[str]:
    """The text of each page, squeezed."""
    assert pdf.startswith(b"%PDF-")
    assert pdf.rstrip().endswith(b"%%EOF")
    streams = [
        zlib.decompress(base64.a85decode(found.strip(), adobe=True))
        for found in _STREAM.findall(pdf)
    ]
    pages = ["".join(map(_text, _SHOWN.findall(stream))) for stream in streams]
    return [page for page in pages if page]


def missing(words: list[str] | tuple[str, ...], pdf: bytes) -> list[str]:
    """Those of ``words`` that the PDF does not say."""
    said = "".join(pages_of(pdf))
    return [one for one in words if squeezed(one) not in said]


def _text(shown: bytes) -> str:
    def plain(found: re.Match[bytes]) -> bytes:
        code = found[1]
        return bytes([int(code, 8)]) if code.isdigit() else code

    return squeezed(_ESCAPE.sub(plain, shown).decode("latin-1"))
