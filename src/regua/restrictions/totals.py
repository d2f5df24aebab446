"""What restrictions add up to, however many there are (``RestrictionTotal``)."""

from __future__ import annotations

from django.db import connection, transaction

_FOLD = """
WITH taken AS (DELETE FROM restrictions_restrictionmove RETURNING *)
INSERT INTO restrictions_restrictiontotal AS t
    (about, day, monthly, branch_id, integration_id, requested_by_id, form, status, removal_reason,
     count, amount, first_id, last_id)
SELECT dated.about, date_trunc(span.unit, dated.day)::date, span.unit = 'month', branch_id,
    integration_id, requested_by_id, form, status, removal_reason,
    sum(count), sum(amount), min(first_id), max(last_id)
FROM taken
CROSS JOIN LATERAL (VALUES ('requested', requested), ('sent', sent), ('visible', visible),
                           ('removed', removed)) dated(about, day)
CROSS JOIN (VALUES ('day'), ('month')) span(unit)
WHERE dated.day IS NOT NULL
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
ON CONFLICT (about, monthly, day, branch_id, integration_id, requested_by_id, form, status,
             removal_reason)
DO UPDATE SET count = t.count + excluded.count, amount = t.amount + excluded.amount,
    first_id = least(t.first_id, excluded.first_id), last_id = greatest(t.last_id, excluded.last_id)
"""
_EMPTY = "DELETE FROM restrictions_restrictiontotal WHERE count = 0"


def fold() -> None:
    """Add what moved since the last time to the totals.

    Nothing waits for it and nothing is wrong before: readers add the moves themselves.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FOLD)
        cursor.execute(_EMPTY)
