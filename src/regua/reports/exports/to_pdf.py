"""PDF to print or to hand over: landscape A4, one line per row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import BinaryIO

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.textobject import PDFTextObject

from regua.reports.definition import Column, Kind
from regua.reports.exports.source import File, Source, plain
from regua.reports.exports.storage import Progress, TooMuch
from regua.web import formats

PDF_ROWS = 50_000
"""ReportLab keeps every page until the end (some 30 MB for these), and nobody
reads a thousand pages."""
_WIDTH, _HEIGHT = landscape(A4)
_MARGIN, _GAP = 28.0, 6.0
_FONT, _BOLD = "Helvetica", "Helvetica-Bold"
_SMALLEST, _LARGEST = 5.5, 8.0
_CHARACTER = 0.56
"""Width of a digit in Helvetica, as a share of the font's size."""
_SHORTEST_TEXT = 7
_INK, _SOFT, _HEAD, _ZEBRA = map(HexColor, ("#1b2733", "#5b6b7b", "#dfe6ee", "#f4f6f9"))
_RIGHT = frozenset({Kind.MONEY, Kind.NUMBER, Kind.PERCENT})
_ELASTIC = frozenset({Kind.TEXT, Kind.CHOICE})


@dataclass(frozen=True)
class _Layout:
    size: float
    lefts: tuple[float, ...]
    widths: tuple[float, ...]

    @property
    def line(self) -> float:
        return self.size * 1.55


def obstacle(columns: Sequence[Column], count: int) -> tuple[str, str] | None:
    """Why so many rows of these columns do not make a PDF, and what to do; None where they do."""
    if count > PDF_ROWS:
        most = formats.number(PDF_ROWS)
        return (
            f"O PDF vai até {most} linhas, e este relatório tem {formats.number(count)}.",
            "Escolha um período menor, ou os formatos CSV ou Excel, que não têm esse limite.",
        )
    if _layout(columns) is None:
        return (
            f"{len(columns)} colunas não cabem na largura de uma página.",
            "Escolha menos colunas, ou os formatos CSV ou Excel.",
        )
    return None


def write(file: BinaryIO, source: Source, about: File, progress: Progress) -> None:
    layout = _layout(source.columns)
    why = obstacle(source.columns, source.count)
    if why or layout is None:
        raise TooMuch(" Nenhum arquivo foi gerado. ".join(why or ()))
    canvas = Canvas(file, pagesize=(_WIDTH, _HEIGHT), pageCompression=1)
    canvas.setTitle(about.title)
    canvas.setAuthor(about.author)
    canvas.setSubject(about.about)
    first_top = _HEIGHT - _MARGIN - 62
    next_top = _HEIGHT - _MARGIN - 16
    bottom = _MARGIN + 16
    fits_first = int((first_top - bottom) / layout.line) - 1
    fits_next = int((next_top - bottom) / layout.line) - 1
    pages = 1 + max(0, -(-(source.count - fits_first) // fits_next))
    with source.copy("FORMAT text, ENCODING 'UTF8'", source.words(plain)) as copy:
        rows = copy.rows()
        for page in range(1, pages + 1):
            first = page == 1
            _frame(canvas, about, page, pages)
            if first:
                _title(canvas, source, about)
            lines = list(islice(rows, fits_first if first else fits_next))
            _table(canvas, layout, source.columns, lines, first_top if first else next_top)
            canvas.showPage()
            progress.rows += len(lines)
            if progress.stopped:
                break
        next(rows, None)  # COPY has ended only once that was read too
    canvas.save()


def _layout(columns: Sequence[Column]) -> _Layout | None:
    """The largest letters with which everything fits; where it does not, texts are cut short.

    A number or a document is never cut: it would say something else. None where even that is
    not enough.
    """
    room = _WIDTH - 2 * _MARGIN - _GAP * len(columns)
    wanted = [max(c.width, 5) for c in columns]
    size = min(_LARGEST, max(_SMALLEST, room / (sum(wanted) * _CHARACTER)))
    character = size * _CHARACTER
    fixed = sum(wide for c, wide in zip(columns, wanted, strict=True) if c.kind not in _ELASTIC)
    elastic = sum(wanted) - fixed
    share = (room / character - fixed) / elastic if elastic else 1.0
    widths = [
        wide * character * (share if c.kind in _ELASTIC else 1.0)
        for c, wide in zip(columns, wanted, strict=True)
    ]
    narrowest = min(
        (w for c, w in zip(columns, widths, strict=True) if c.kind in _ELASTIC and c.width > 7),
        default=room,
    )
    if narrowest < _SHORTEST_TEXT * character or sum(widths) > room + 1:
        return None
    lefts, left = [], _MARGIN + _GAP / 2
    for width in widths:
        lefts.append(left)
        left += width + _GAP
    return _Layout(size, tuple(lefts), tuple(widths))


def _frame(canvas: Canvas, about: File, page: int, pages: int) -> None:
    canvas.setFillColor(_SOFT)
    canvas.setFont(_FONT, 7.5)
    canvas.drawString(_MARGIN, _HEIGHT - _MARGIN, _latin(f"{about.company} · {about.title}"))
    canvas.drawString(
        _MARGIN,
        _MARGIN,
        _latin(f"Gerado em {formats.instant(about.made_at)} por {about.author}"),
    )
    canvas.drawRightString(
        _WIDTH - _MARGIN,
        _MARGIN,
        f"Página {formats.number(page)} de {formats.number(pages)}",
    )


def _title(canvas: Canvas, source: Source, about: File) -> None:
    top = _HEIGHT - _MARGIN
    canvas.setFillColor(_INK)
    canvas.setFont(_BOLD, 15)
    canvas.drawString(_MARGIN, top - 22, _latin(f"Relatório de {about.title}"))
    canvas.setFont(_FONT, 9)
    canvas.drawString(_MARGIN, top - 37, _fit(_latin(about.about), _FONT, 9, _WIDTH - 2 * _MARGIN))
    labels = {column.key: column.label for column in source.columns}
    totals = [f"{formats.number(source.count)} {'linha' if source.count == 1 else 'linhas'}"]
    totals += [f"{labels[key]}: {formats.brl(total)}" for key, total in source.totals.items()]
    canvas.setFont(_BOLD, 9)
    canvas.drawString(_MARGIN, top - 51, _latin(" · ".join(totals)))


def _table(
    canvas: Canvas,
    layout: _Layout,
    columns: Sequence[Column],
    rows: Sequence[Sequence[str | None]],
    top: float,
) -> None:
    size, line = layout.size, layout.line
    across = _WIDTH - 2 * _MARGIN
    canvas.setFillColor(_HEAD)
    canvas.rect(_MARGIN, top - line, across, line, stroke=0, fill=1)
    canvas.setFillColor(_ZEBRA)
    for number in range(1, len(rows), 2):
        canvas.rect(_MARGIN, top - (number + 2) * line, across, line, stroke=0, fill=1)
    canvas.setFillColor(_INK)
    text = canvas.beginText()
    baseline = top - line + (line - size) / 2 + size * 0.15
    text.setFont(_BOLD, size)
    _line(text, layout, columns, [c.label for c in columns], baseline, _BOLD)
    text.setFont(_FONT, size)
    for number, row in enumerate(rows, 1):
        _line(text, layout, columns, row, baseline - number * line, _FONT)
    if not rows:
        text.setTextOrigin(_MARGIN + _GAP / 2, baseline - line)
        text.textOut("Nenhuma linha com estes filtros.")
    canvas.drawText(text)


def _line(
    text: PDFTextObject,
    layout: _Layout,
    columns: Sequence[Column],
    values: Sequence[str | None],
    baseline: float,
    font: str,
) -> None:
    for column, value, left, width in zip(
        columns, values, layout.lefts, layout.widths, strict=True
    ):
        if not value:
            continue
        shown = _fit(_latin(value), font, layout.size, width)
        if column.kind in _RIGHT:
            left += width - stringWidth(shown, font, layout.size)
        text.setTextOrigin(left, baseline)
        text.textOut(shown)


def _latin(value: str) -> str:
    """What the PDF's built-in letters can show; the rest becomes a question mark."""
    return value if value.isascii() else value.encode("cp1252", "replace").decode("cp1252")


@lru_cache(maxsize=5_000)  # branches, products and people come again and again
def _fit(value: str, font: str, size: float, width: float) -> str:
    if len(value) * size * 0.3 < width and stringWidth(value, font, size) <= width:
        return value
    while value and stringWidth(value + "…", font, size) > width:
        value = value[:-1]
    return value.rstrip() + "…"
