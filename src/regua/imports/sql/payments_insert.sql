INSERT INTO receivables_payment
    (receivable_id, external_id, amount, paid_on, available_on, recorded_by_id, recorded_at)
SELECT
    n.receivable_id, n.external_id, n.amount, n.paid_on, COALESCE(n.available_on, n.paid_on),
    %(actor)s, now()
FROM $clean AS n WHERE n.action = 'create' AND n.troubles IS NULL
ORDER BY n.line
