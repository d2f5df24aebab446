"""The reports that there are."""

from __future__ import annotations

from regua.reports import breaches, inquiries, restrictions
from regua.reports.definition import Report

REPORTS: dict[str, Report] = {
    report.slug: report for report in (inquiries.REPORT, restrictions.REPORT, breaches.REPORT)
}
