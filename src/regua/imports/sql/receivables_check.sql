-- Receivables: found by the other system's id, else by "nosso número", both within the branch.
-- What the line says of the open amount becomes a payment or a cancellation of the difference.
CREATE UNLOGGED TABLE $clean WITH (autovacuum_enabled = off) AS
SELECT
    w.*,
    CASE WHEN w.target IS NULL THEN 'create' WHEN w.changes THEN 'update' ELSE 'same' END AS action
FROM (
    SELECT
        n.line, $columns, n.the_number, n.the_our_number, n.customer_id,
        $contract AS contract_id, t.id AS target, t.amount AS amount_before,
        t.open_amount AS open_before, t.status AS status_before, said.open_after, s.status_after,
        said.amount_after,
        -- Money that came since, or, of a new one, that had come already.
        CASE
            WHEN s.status_after = 'cancelled' THEN 0
            WHEN t.id IS NULL THEN
                CASE WHEN n.paid_on IS NULL THEN 0 ELSE n.amount - said.open_after END
            ELSE (n.amount - said.open_after) - (t.amount - t.open_amount)
        END AS paid,
        t.id IS NOT NULL AND ($differs OR (t.status, t.open_amount)
            IS DISTINCT FROM (s.status_after, said.open_after)) AS changes,
        nullif(array_remove($flaws || ARRAY[
            CASE WHEN n.customer_id IS NULL THEN n.customer_trouble END,
            CASE WHEN n.customer_id IS NOT NULL AND $contract IS NULL THEN $contract_trouble END,
            CASE WHEN n.the_our_number IS NULL THEN 'line:unidentified' END,
            CASE WHEN length(n.the_our_number) > 20 THEN 'our_number:needed' END,
            CASE WHEN length(n.the_number) > 20 THEN 'number:needed' END,
            CASE WHEN n.due_date < DATE '1990-01-01' OR n.due_date > DATE '2100-01-01'
                THEN 'due_date:implausible' END,
            CASE WHEN n.amount <= 0 THEN 'amount:positive' END,
            CASE WHEN n.open_amount < 0 THEN 'open_amount:negative'
                WHEN n.open_amount > n.amount THEN 'open_amount:above'
                WHEN n.open_amount > 0 AND n.status = 'received' THEN 'open_amount:contradicts'
                WHEN n.open_amount = 0 AND n.status IN ('open', 'partial')
                    THEN 'open_amount:contradicts' END,
            CASE WHEN n.status = 'partial' AND n.open_amount_text IS NULL AND t.id IS NULL
                THEN 'open_amount:missing' END,
            CASE WHEN n.paid_on > %(today)s::date THEN 'paid_on:future' END,
            CASE WHEN n.available_on < n.paid_on THEN 'available_on:before_paid' END,
            CASE WHEN x.id <> k.id THEN 'our_number:taken' END,
            CASE WHEN x.id IS NULL AND t.external_id <> n.external_id THEN 'external_id:other' END,
            CASE WHEN t.customer_id <> n.customer_id THEN '$customer_field:other' END,
            CASE
                WHEN t.id IS NULL THEN NULL
                WHEN s.status_after = 'cancelled' AND t.status = 'received'
                    THEN 'status:received'
                WHEN t.status = 'cancelled' AND n.status <> 'cancelled' THEN 'status:cancelled'
                WHEN t.status IN ('received', 'cancelled') AND n.amount <> t.amount
                    AND n.status IS DISTINCT FROM 'cancelled' THEN 'amount:closed'
                WHEN t.status IN ('received', 'cancelled') AND n.due_date <> t.due_date
                    AND n.status IS DISTINCT FROM 'cancelled' THEN 'due_date:closed'
                WHEN s.status_after = 'cancelled' THEN NULL
                WHEN n.amount - said.open_after < t.amount - t.open_amount
                    THEN 'open_amount:reversed'
                WHEN n.open_amount IS NULL AND n.status IS DISTINCT FROM 'received'
                    AND t.status IN ('open', 'partial') AND n.amount <= t.amount - t.open_amount
                    THEN 'amount:paid'
                WHEN n.amount - said.open_after > t.amount - t.open_amount AND n.paid_on IS NULL
                    THEN 'paid_on:needed'
            END
        ]::text[], NULL), '{}') AS troubles
    FROM (
        SELECT
            n.*, COALESCE(cx.id, cd.id) AS customer_id, $customer_trouble AS customer_trouble,
            COALESCE(n.number, n.our_number, n.external_id) AS the_number,
            COALESCE(n.our_number, n.external_id, n.number) AS the_our_number
        FROM $read AS n
        LEFT JOIN parties_customer AS cx ON $has_customer_external_id
            AND cx.branch_id = %(branch)s AND cx.external_id = n.customer_external_id
        LEFT JOIN parties_customer AS cd ON $has_customer_document
            AND cd.branch_id = %(branch)s AND cd.document = n.customer_document
    ) AS n
    LEFT JOIN receivables_receivable AS x
        ON $has_external_id AND x.branch_id = %(branch)s AND x.external_id = n.external_id
    LEFT JOIN receivables_receivable AS k
        ON k.branch_id = %(branch)s AND k.our_number = n.the_our_number
    LEFT JOIN receivables_receivable AS t ON t.id = COALESCE(x.id, k.id)
    LEFT JOIN receivables_contract AS kx
        ON $has_contract_external_id AND kx.customer_id = n.customer_id
        AND kx.external_id = n.contract_external_id
    LEFT JOIN receivables_contract AS kn
        ON $has_contract_number AND kn.customer_id = n.customer_id
        AND kn.number = n.contract_number
    -- A customer's only contract need not be named.
    LEFT JOIN (
        SELECT k.customer_id, min(k.id) AS id
        FROM receivables_contract AS k
        JOIN parties_customer AS c ON c.id = k.customer_id AND c.branch_id = %(branch)s
        GROUP BY k.customer_id HAVING count(*) = 1
    ) AS alone ON alone.customer_id = n.customer_id AND $no_contract
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN n.status = 'received' THEN 0
            WHEN t.status = 'cancelled' OR (n.status = 'cancelled' AND t.id IS NOT NULL)
                THEN t.open_amount
            WHEN n.open_amount IS NOT NULL THEN n.open_amount
            WHEN t.id IS NULL THEN n.amount
            ELSE n.amount - (t.amount - t.open_amount)
        END AS open_after,
        CASE WHEN t.status = 'cancelled' OR (n.status = 'cancelled' AND t.id IS NOT NULL)
            THEN t.amount ELSE n.amount END AS amount_after
    ) AS said
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN n.status = 'cancelled' OR t.status = 'cancelled' THEN 'cancelled'
            WHEN said.open_after = 0 THEN 'received'
            WHEN said.open_after = n.amount THEN 'open'
            ELSE 'partial'
        END AS status_after
    ) AS s
) AS w
