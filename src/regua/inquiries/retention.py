"""Deleting the bureaus' reports when their term ends (LGPD, arts. 15 and 16).

The summary, the decision and who asked stay: they are the record of what the company did.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from regua.organization.models import GeneralParameters

BATCH = 1000
"""How many reports one statement deletes."""

_FORGET = """
WITH due AS (
    SELECT id FROM inquiries_inquiry
    WHERE report_erased_at IS NULL AND status = 'answered' AND answered_at <= %(before)s
    ORDER BY answered_at LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
), pdf AS (
    DELETE FROM inquiries_bureaupdf p USING due WHERE p.inquiry_id = due.id
)
UPDATE inquiries_inquiry i
SET report_sealed = '', born_or_opened_on = NULL, report_erased_at = now()
FROM due WHERE i.id = due.id
"""


def reports_forget(limit: int = BATCH) -> int:
    """Delete up to ``limit`` reports older than the term, oldest first; return how many."""
    kept = timedelta(days=GeneralParameters.current().report_retention_days)
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, {"before": timezone.now() - kept, "limit": limit})
        return int(cursor.rowcount)
