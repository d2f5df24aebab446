"""What an uploaded file really is, told by its content and never by its name."""

from __future__ import annotations

import re
import unicodedata
from email.parser import BytesHeaderParser
from typing import NamedTuple

MAX_BYTES = 10 * 1024 * 1024
NAME_LENGTH = 150


class FileType(NamedTuple):
    content_type: str
    extension: str
    label: str


PDF = FileType("application/pdf", "pdf", "PDF")
PNG = FileType("image/png", "png", "PNG")
JPEG = FileType("image/jpeg", "jpg", "JPEG")
WEBP = FileType("image/webp", "webp", "WebP")
EMAIL = FileType("message/rfc822", "eml", "E-mail")
TEXT = FileType("text/plain", "txt", "Texto")

TYPES = {kind.content_type: kind for kind in (PDF, PNG, JPEG, WEBP, EMAIL, TEXT)}


def type_of(data: bytes) -> FileType | None:
    """The kind of file that ``data`` is, or None for one that is not taken."""
    if data.startswith(b"%PDF-"):
        # Cut short on the way, it proves nothing: a whole one ends by saying so.
        return PDF if b"%%EOF" in data[-2048:] else None
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG if b"IEND" in data[-64:] else None
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG if b"\xff\xd9" in data[-2048:] else None
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP if len(data) >= int.from_bytes(data[4:8], "little") + 8 else None
    return _text_type(data)


def _text_type(data: bytes) -> FileType | None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if any(unicodedata.category(c) == "Cc" and c not in "\t\n\r" for c in text):
        return None
    if re.match(r"\s*<", text):  # HTML, SVG and their like: they run, they do not prove
        return None
    headers = BytesHeaderParser().parsebytes(data)
    return EMAIL if headers["From"] and headers["Date"] and not headers.defects else TEXT


def clean_name(name: str, kind: FileType) -> str:
    """A name to show and to save by: no folders, no invisible characters, the true extension."""
    bare = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    bare = "".join(c for c in bare if unicodedata.category(c)[0] != "C")
    bare = re.sub(r'[<>:"|?*\s]+', " ", bare)
    stem, dot, _ = bare.rpartition(".")
    stem = (stem if dot else bare).strip(" .")
    return f"{stem[: NAME_LENGTH - 6].strip(' .') or 'documento'}.{kind.extension}"
