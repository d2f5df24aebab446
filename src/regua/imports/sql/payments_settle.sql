-- Only where nobody has recorded a payment since these were held against the open amount.
UPDATE receivables_receivable AS t
SET open_amount = t.open_amount - paid.total,
    status = CASE WHEN t.open_amount = paid.total THEN 'received' ELSE 'partial' END
FROM (
    SELECT receivable_id, open_before, sum(amount) AS total
    FROM $clean WHERE action = 'create' AND troubles IS NULL
    GROUP BY receivable_id, open_before
) AS paid
WHERE t.id = paid.receivable_id AND t.open_amount = paid.open_before
    AND t.status IN ('open', 'partial')
