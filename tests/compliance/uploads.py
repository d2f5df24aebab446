"""Small files of every kind that is taken."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from reportlab.pdfgen.canvas import Canvas


def pdf(text: str = "Aviso de atraso") -> bytes:
    out = BytesIO()
    page = Canvas(out, invariant=1)
    page.drawString(72, 720, text)
    page.save()
    return out.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(b"\x00\x00"))
    + _chunk(b"IEND", b"")
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(40) + b"\xff\xd9"
WEBP = b"RIFF" + struct.pack("<I", 4 + 8 + 10) + b"WEBPVP8 " + struct.pack("<I", 10) + bytes(10)
EMAIL = (
    b"From: cobranca@provedor.test\r\nTo: cliente@exemplo.test\r\n"
    b"Date: Wed, 10 Jun 2026 10:00:00 -0300\r\nSubject: Aviso de atraso\r\n\r\n"
    + "Sua fatura venceu. Não houve pagamento.\r\n".encode()
)
TEXT = b"Aviso enviado por SMS em 10/06/2026: fatura em atraso.\n"
