"""Making an export in a test, and reading the file back."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import openpyxl
import pypdf

from regua.accounts.models import User
from regua.reports.exports.run import export_run
from regua.reports.inquiries import REPORT, InquiryFilters
from regua.reports.models import ReportExport
from regua.reports.services import export_request


def asked(actor: User, format: str, columns: Sequence[str] = (), **filters: Any) -> ReportExport:
    return export_request(
        actor=actor,
        report=REPORT,
        format=format,
        columns=columns,
        filters=InquiryFilters(**filters),
    )


def made(actor: User, format: str, columns: Sequence[str] = (), **filters: Any) -> ReportExport:
    export = asked(actor, format, columns, **filters)
    assert export_run(export.pk)
    export.refresh_from_db()
    assert export.status == "done", export.problem
    return export


def content(export: ReportExport) -> bytes:
    chunks = export.chunks.order_by("number").values_list("data", flat=True)
    data = b"".join(bytes(chunk) for chunk in chunks)
    assert len(data) == export.size
    return data


def as_csv(export: ReportExport) -> list[list[str]]:
    data = content(export)
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))


def as_sheets(export: ReportExport) -> Any:
    """The workbook as openpyxl opens it."""
    return openpyxl.load_workbook(io.BytesIO(content(export)))


def as_pages(export: ReportExport) -> list[str]:
    reader = pypdf.PdfReader(io.BytesIO(content(export)))
    return [page.extract_text() for page in reader.pages]
