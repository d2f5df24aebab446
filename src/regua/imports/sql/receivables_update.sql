-- Only where nobody has paid or mended it since the payments above were counted. An amount that is
-- mended settles a contest that was upheld.
UPDATE receivables_receivable AS t
SET $assignments, open_amount = n.open_after, status = n.status_after,
    disputed = t.disputed AND (t.amount = n.amount_after OR EXISTS (
        SELECT FROM receivables_impediment AS i WHERE i.receivable_id = t.id AND i.closed_at IS NULL
    ))
FROM $clean AS n
WHERE t.id = n.target AND n.action = 'update' AND n.troubles IS NULL
    AND (t.amount, t.open_amount, t.status) = (n.amount_before, n.open_before, n.status_before)
