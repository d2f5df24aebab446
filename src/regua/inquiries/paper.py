"""How our PDFs look: A4, one quiet style, the branch's name above and who made it below."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import Any

from reportlab.graphics.shapes import ArcPath, Drawing, String
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

from regua.accounts.models import User
from regua.inquiries.reading import creditor_name
from regua.organization.models import Branch
from regua.web import formats
from regua.web.status import Tone

PLAIN, BOLD = "Vera", "VeraBd"
"""Shipped with ReportLab and embedded: every reader breaks the lines where we did."""
for _font in (PLAIN, BOLD):
    pdfmetrics.registerFont(TTFont(_font, f"{_font}.ttf"))
_GLYPHS = pdfmetrics.getFont(PLAIN).face.charToGlyph

MARGIN = 18 * mm
WIDTH = A4[0] - 2 * MARGIN
"""Points between the margins."""
GAUGE = 62 * mm
"""Width of the gauge, points."""
INK, SOFT, LINE, BAND = map(HexColor, ("#1c2733", "#536070", "#dfe4e8", "#f3f6f7"))
MARK = HexColor("#0f4c5c")
TONES: dict[str, tuple[HexColor, HexColor, HexColor]] = {
    tone: (HexColor(ink), HexColor(soft), HexColor(line))
    for tone, ink, soft, line in (
        (Tone.QUEUED, "#465160", "#e9edf0", "#7a8593"),
        (Tone.SENT, "#174ea6", "#e1ecfd", "#2b6bd6"),
        (Tone.NOTICE, "#7a4b00", "#fdefcd", "#c98500"),
        (Tone.ACTIVE, "#a3161c", "#fde4e4", "#cf2a31"),
        (Tone.DONE, "#14622f", "#dcf3e3", "#2a8f4d"),
    )
}
"""Ink, background and line of a tone, as on screen (app.css)."""

_PLAIN = ParagraphStyle("plain", fontName=PLAIN, fontSize=8.5, leading=12, textColor=INK)
STYLES = {
    "plain": _PLAIN,
    "text": ParagraphStyle("text", _PLAIN, fontSize=9, leading=13, spaceAfter=4),
    "soft": ParagraphStyle("soft", _PLAIN, fontSize=7.5, leading=10.5, textColor=SOFT),
    "strong": ParagraphStyle("strong", _PLAIN, fontName=BOLD),
    "cell": ParagraphStyle("cell", _PLAIN, fontSize=8, leading=9.6),
    "title": ParagraphStyle("title", _PLAIN, fontName=BOLD, fontSize=15, leading=20, spaceAfter=2),
    "heading": ParagraphStyle(
        "heading",
        _PLAIN,
        fontName=BOLD,
        fontSize=10.5,
        leading=14,
        spaceBefore=14,
        spaceAfter=5,
        keepWithNext=True,
    ),
}


def latin(text: object, limit: int = 400) -> str:
    """``text`` in the characters that the font has; "?" for the others."""
    kept = []
    for character in str(text)[:limit].replace(" → ", ": "):
        bare = unicodedata.normalize("NFKD", character)[:1]
        known = (one for one in (character, bare) if ord(one) in _GLYPHS)
        kept.append(" " if character in "\t\r\n" else next(known, "?"))
    return "".join(kept)


def p(text: object, style: str = "plain", **changes: Any) -> Paragraph:
    look = STYLES[style]
    if changes:
        look = ParagraphStyle(f"{style}*", look, **changes)
    return Paragraph(escape(latin(text, 2000)), look)


def cell(text: str, limit: int) -> Paragraph:
    """A bureau's words in a table: cut, so that no row outgrows its page."""
    return p(text[:limit] or formats.EMPTY, "cell")


def grid(facts: Iterable[tuple[str, str]], *, width: float = WIDTH, columns: int = 2) -> Table:
    """Labels above their values, side by side."""
    cells = [[p(label, "soft"), p(value or formats.EMPTY, "strong")] for label, value in facts]
    cells += [[]] * (-len(cells) % columns)
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    return Table(
        rows,
        colWidths=[width / columns] * columns,
        style=[
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
        ],
    )


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[Any]],
    widths: Sequence[float],
    *,
    groups: Sequence[int] = (),
    money: Sequence[int] = (),
) -> Table:
    """A list whose head is repeated on every page; ``groups`` are the rows that head others."""
    style: list[tuple[Any, ...]] = [
        ("FONT", (0, 0), (-1, 0), BOLD, 7.5),
        ("TEXTCOLOR", (0, 0), (-1, 0), SOFT),
        ("FONT", (0, 1), (-1, -1), PLAIN, 8),
        ("TEXTCOLOR", (0, 1), (-1, -1), INK),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, SOFT),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ("TOPPADDING", (0, 0), (-1, -1), 3.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
    ]
    style += [("ALIGN", (column, 0), (column, -1), "RIGHT") for column in money]
    for row in groups:
        style.append(("FONT", (0, row + 1), (-1, row + 1), BOLD, 8))
        style.append(("BACKGROUND", (0, row + 1), (-1, row + 1), BAND))
    return Table([head, *rows], colWidths=widths, repeatRows=1, style=style)


def box(content: Sequence[Flowable], tone: str) -> Table:
    """``content`` on the colour of ``tone``, with its line at the left."""
    _, soft, line = TONES.get(tone, TONES[Tone.QUEUED])
    return Table(
        [[list(content)]],
        colWidths=[WIDTH],
        style=[
            ("BACKGROUND", (0, 0), (-1, -1), soft),
            ("LINEBEFORE", (0, 0), (0, -1), 4, line),
            ("LEFTPADDING", (0, 0), (-1, -1), 14),
            ("RIGHTPADDING", (0, 0), (-1, -1), 12),
            ("TOPPADDING", (0, 0), (-1, -1), 10),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 11),
        ],
    )


def gauge(value: int | None, tone: str, label: str, *, maximum: int = 1000) -> Drawing:
    """The half circle of the screen, filled up to ``value``."""
    ink, _, line = TONES.get(tone, TONES[Tone.QUEUED])
    width, radius = GAUGE, 58.0
    middle, base = width / 2, 24.0
    drawing = Drawing(width, base + radius + 10)

    def arc(share: float, colour: HexColor) -> None:
        path = ArcPath(
            fillColor=None, strokeColor=colour, strokeWidth=12, strokeLineCap=1, autoclose=None
        )
        path.addArc(middle, base, radius, 180 - 180 * share, 180, reverse=True)
        drawing.add(path)

    arc(1, TONES[Tone.QUEUED][1])
    if value:
        arc(min(1.0, value / maximum), line)

    def write(x: float, y: float, text: str, size: float, colour: HexColor, bold: bool) -> None:
        font = BOLD if bold else PLAIN
        drawing.add(
            String(x, y, text, fontName=font, fontSize=size, fillColor=colour, textAnchor="middle")
        )

    number = formats.EMPTY if value is None else str(value)
    write(middle, base + 4, number, 25, INK, bold=True)
    write(middle, 4, latin(label), 9, ink, bold=True)
    write(middle - radius, 6, "0", 7, SOFT, bold=False)
    write(middle + radius, 6, formats.number(maximum), 7, SOFT, bold=False)
    return drawing


class _Pages(Canvas):
    """Knows how many pages there are when it draws what stands on each of them."""

    around: tuple[str, str, str, str, str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._done: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self._done.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for state in self._done:
            self.__dict__.update(state)
            self._frame(len(self._done))
            super().showPage()
        super().save()

    def _frame(self, pages: int) -> None:
        name, document, heading, maker, note = self.around
        right, top = A4[0] - MARGIN, A4[1] - 15 * mm
        self.setFillColor(MARK)
        self.setFont(BOLD, 10)
        self.drawString(MARGIN, top, name)
        self.setFillColor(SOFT)
        self.setFont(PLAIN, 7.5)
        self.drawString(MARGIN, top - 11, document)
        self.drawRightString(right, top, heading)
        self.setStrokeColor(LINE)
        self.line(MARGIN, top - 18, right, top - 18)
        self.line(MARGIN, 16 * mm, right, 16 * mm)
        self.setFont(PLAIN, 6.5)
        self.drawString(MARGIN, 12 * mm, maker)
        self.drawString(MARGIN, 8.5 * mm, note)
        self.drawRightString(right, 12 * mm, f"Página {self._pageNumber} de {pages}")


def build(
    story: list[Flowable],
    *,
    branch: Branch,
    heading: str,
    maker: User,
    at: datetime,
    note: str = "",
) -> bytes:
    """The PDF's bytes; ``heading`` names it on every page and in the reader's title bar.

    ``note`` stands at the foot of every page, under who made it and when.
    """
    made = f"Gerado por Régua em {formats.instant(at)} por {maker.name}."

    class Pages(_Pages):
        around = (
            latin(creditor_name(branch), 70),
            f"CNPJ {formats.document(branch.document)}",
            latin(heading),
            latin(made, 140),
            note,
        )

    out = io.BytesIO()
    document = BaseDocTemplate(
        out,
        pagesize=A4,
        title=latin(heading),
        author=latin(creditor_name(branch)),
        creator="Régua",
        lang="pt-BR",
        displayDocTitle=True,
    )
    frame = Frame(MARGIN, 21 * mm, WIDTH, A4[1] - 48 * mm, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[frame]))
    document.build(story, canvasmaker=Pages)
    return out.getvalue()


def gap(points: float) -> Spacer:
    return Spacer(1, points)
