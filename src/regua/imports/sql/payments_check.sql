-- Payments: found by the other system's id within their receivable, else by day and amount.
-- One that is here already stays as it is.
CREATE UNLOGGED TABLE $clean WITH (autovacuum_enabled = off) AS
SELECT
    n.line, $columns, n.receivable_id, n.open_before, t.id AS target,
    nullif(array_remove($flaws || ARRAY[
        CASE WHEN n.receivable_id IS NULL
            AND ($known) THEN '$receivable_field:unknown' END,
        CASE WHEN NOT ($known) THEN '$receivable_field:missing' END,
        CASE WHEN n.by_id <> n.by_number THEN 'our_number:taken' END,
        CASE WHEN n.amount <= 0 THEN 'amount:positive' END,
        CASE WHEN n.paid_on > %(today)s::date THEN 'paid_on:future'
            WHEN n.paid_on < DATE '1990-01-01' THEN 'paid_on:implausible' END,
        CASE WHEN n.available_on < n.paid_on THEN 'available_on:before_paid' END,
        CASE WHEN t.id IS NULL AND n.status NOT IN ('open', 'partial')
            THEN '$receivable_field:closed' END,
        CASE WHEN t.id IS NOT NULL AND (t.amount, t.paid_on) IS DISTINCT FROM (n.amount, n.paid_on)
            THEN 'amount:recorded' END
    ]::text[], NULL), '{}') AS troubles,
    CASE WHEN t.id IS NULL THEN 'create'
        WHEN t.external_id IS NULL AND n.external_id IS NOT NULL THEN 'update'
        ELSE 'same' END AS action
FROM (
    SELECT
        n.*, x.id AS by_id, k.id AS by_number, COALESCE(x.id, k.id) AS receivable_id,
        COALESCE(x.status, k.status) AS status, COALESCE(x.open_amount, k.open_amount) AS open_before
    FROM $read AS n
    LEFT JOIN receivables_receivable AS x
        ON $has_receivable_external_id AND x.branch_id = %(branch)s AND x.external_id = n.receivable_external_id
    LEFT JOIN receivables_receivable AS k
        ON $has_our_number AND k.branch_id = %(branch)s AND k.our_number = n.our_number
) AS n
LEFT JOIN LATERAL (
    SELECT p.id, p.external_id, p.amount, p.paid_on FROM receivables_payment AS p
    WHERE p.receivable_id = n.receivable_id AND (
        p.external_id = n.external_id
        OR (p.external_id IS NULL OR n.external_id IS NULL)
            AND p.paid_on = n.paid_on AND p.amount = n.amount
    )
    ORDER BY p.external_id = n.external_id DESC NULLS LAST, p.id LIMIT 1
) AS t ON true
