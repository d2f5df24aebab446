-- Payments that together pass what is still owed of their receivable.
UPDATE $clean AS n SET troubles = array_append(n.troubles, 'amount:above')
WHERE n.action = 'create' AND n.troubles IS NULL AND n.receivable_id IN (
    SELECT receivable_id FROM $clean
    WHERE action = 'create' AND troubles IS NULL
    GROUP BY receivable_id, open_before HAVING sum(amount) > open_before
)
