"""An inquiry and its explanation as PDFs, drawn by ReportLab. Documents are always masked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Table

from regua.accounts.models import User
from regua.bureaus.contract import InquiryReport
from regua.inquiries import paper, reading
from regua.inquiries.explaining import Part
from regua.inquiries.models import Inquiry, InquiryAccess
from regua.inquiries.verdicts import Standing
from regua.web import formats

_COLUMNS = [57 * mm, 36 * mm, 36 * mm, 20 * mm, paper.WIDTH - 149 * mm]


def inquiry_pdf(
    inquiry: Inquiry,
    report: InquiryReport | None,
    *,
    standing: Standing,
    accesses: Sequence[InquiryAccess],
    bureau: str,
    maker: User,
    at: datetime,
) -> bytes:
    """What the result page says of an answered inquiry; ``report`` None once it was deleted."""
    story: list[Flowable] = [
        paper.p("Consulta de análise de crédito", "title"),
        paper.p(f"{inquiry.product_name} · {bureau}", "soft", spaceAfter=9),
        _verdict(standing),
        paper.gap(10),
        _score_and_identity(inquiry),
    ]
    if report is None:
        story += [
            paper.p("Pendências", "heading"),
            paper.p(reading.pendings_summary(inquiry)),
            paper.p(reading.erased_sentence(inquiry), "soft", spaceBefore=4),
        ]
    else:
        story += _pendings(report)
        story += _earlier(report)
    if standing.history:
        story.append(paper.p("Histórico da decisão", "heading"))
        for entry in standing.history:
            when = formats.instant(entry["at"])  # type: ignore[arg-type]
            lines = [
                paper.p(entry["title"], "strong"),
                paper.p(entry["text"]),
                paper.p(f"{entry['source']}, {when}", "soft", spaceAfter=6),
            ]
            story.append(KeepTogether(lines))
    story += [
        paper.p("Registro da consulta", "heading"),
        paper.grid(reading.record_of(inquiry, bureau), columns=3),
    ]
    if accesses:
        story.append(paper.p("Outros usos desta consulta", "heading"))
        story += [paper.p(reading.access_sentence(access)) for access in accesses]
    return paper.build(
        story,
        branch=inquiry.branch,
        heading=f"Consulta nº {inquiry.pk}",
        maker=maker,
        at=at,
        note="Contém dados pessoais: use só para a finalidade registrada.",
    )


def explanation_pdf(inquiry: Inquiry, parts: Sequence[Part], *, maker: User, at: datetime) -> bytes:
    """The explanation that the consumer takes away."""
    story: list[Flowable] = [
        paper.p("Explicação da análise de crédito", "title"),
        paper.p(
            f"Para {inquiry.name or 'o consumidor'}, {formats.document_masked(inquiry.document)}",
            "soft",
        ),
    ]
    for part in parts:
        whole: list[Flowable] = [paper.p(part.title, "heading")]
        whole += [paper.p(paragraph, "text") for paragraph in part.paragraphs]
        if part.facts:
            whole.append(paper.grid(part.facts))
        story.append(KeepTogether(whole))
    return paper.build(
        story,
        branch=inquiry.branch,
        heading=f"Explicação da consulta nº {inquiry.pk}",
        maker=maker,
        at=at,
    )


def _verdict(standing: Standing) -> Table:
    verdict = standing.verdict
    ink = paper.TONES.get(verdict.tone, paper.TONES["queued"])[0]
    lines: list[Flowable] = [
        paper.p(verdict.title, "title", textColor=ink),
        paper.p(" ".join(verdict.reasons)),
        paper.p(standing.by, "soft", spaceBefore=4),
    ]
    return paper.box(lines, verdict.tone)


def _score_and_identity(inquiry: Inquiry) -> Table:
    left: list[Flowable] = [
        paper.gauge(
            inquiry.score,
            reading.score_tone(inquiry.score, inquiry.band),
            reading.score_label(inquiry),
        )
    ]
    if said := reading.probability_sentence(inquiry):
        left.append(paper.p(said, "soft", alignment=1, spaceBefore=2))
    wide = paper.WIDTH - paper.GAUGE
    return Table(
        [[left, paper.grid(reading.identity_of(inquiry), width=wide)]],
        colWidths=[paper.GAUGE, wide],
        style=[
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ],
    )


def _pendings(report: InquiryReport) -> list[Flowable]:
    groups = reading.groups_of(report.pendings)
    if not groups:
        return [paper.p("Pendências", "heading"), paper.p("Nenhuma pendência encontrada.")]
    rows: list[list[object]] = []
    heads = []
    for group in groups:
        heads.append(len(rows))
        rows.append(
            [f"{group.label} ({len(group.items)})", group.span, "", "", _money(group.total)]
        )
        rows += [
            [
                paper.cell(item.creditor, 120),
                paper.cell(item.origin, 80),
                paper.cell(item.contract, 60),
                formats.day(item.occurred_on),
                _money(item.amount),
            ]
            for item in group.items
        ]
    return [
        paper.p(f"Pendências: {formats.brl(report.pendings_total)}", "heading"),
        paper.table(
            ["Credor", "Origem", "Contrato", "Data", "Valor"],
            rows,
            _COLUMNS,
            groups=heads,
            money=[4],
        ),
    ]


def _money(amount: object) -> str:
    return formats.brl(str(amount))


def _earlier(report: InquiryReport) -> list[Flowable]:
    heading = paper.p("Consultas anteriores", "heading")
    if not report.earlier_inquiries:
        return [heading, paper.p("O birô não informa consultas anteriores.")]
    rows = [
        [formats.day(item.occurred_on), paper.cell(item.segment, 120)]
        for item in reading.earlier_of(report)
    ]
    return [heading, paper.table(["Data", "Segmento"], rows, [30 * mm, paper.WIDTH - 30 * mm])]
