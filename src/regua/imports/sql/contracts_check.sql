-- Contracts: found by the other system's id, else by number, both within their customer.
CREATE UNLOGGED TABLE $clean WITH (autovacuum_enabled = off) AS
SELECT
    n.line, $columns, n.customer_id, t.id AS target,
    t.suspended_on AS suspended_before, t.ended_on AS ended_before,
    $suspended_on AS suspended_after, $ended_on AS ended_after,
    nullif(array_remove($flaws || ARRAY[
        CASE WHEN n.customer_id IS NULL THEN n.customer_trouble END,
        CASE WHEN x.id <> k.id THEN 'number:taken' END,
        CASE WHEN x.id IS NULL AND t.external_id <> n.external_id THEN 'external_id:other' END,
        CASE WHEN n.started_on < DATE '1900-01-01' THEN 'started_on:implausible' END,
        CASE WHEN n.suspended_on > %(today)s::date OR n.suspended_on < DATE '1990-01-01'
            THEN 'suspended_on:implausible' END,
        CASE WHEN n.ended_on > %(today)s::date OR n.ended_on < DATE '1990-01-01'
            THEN 'ended_on:implausible' END,
        CASE WHEN $suspended_on < $started_on THEN 'suspended_on:before_start' END,
        CASE WHEN $ended_on < $started_on THEN 'ended_on:before_start' END,
        CASE WHEN $ended_on < $suspended_on THEN 'ended_on:before_suspension' END
    ]::text[], NULL), '{}') AS troubles,
    CASE WHEN t.id IS NULL THEN 'create' WHEN $differs THEN 'update' ELSE 'same' END AS action
FROM (
    SELECT n.*, COALESCE(cx.id, cd.id) AS customer_id, $customer_trouble AS customer_trouble
    FROM $read AS n
    LEFT JOIN parties_customer AS cx ON $has_customer_external_id
        AND cx.branch_id = %(branch)s AND cx.external_id = n.customer_external_id
    LEFT JOIN parties_customer AS cd ON $has_customer_document
        AND cd.branch_id = %(branch)s AND cd.document = n.customer_document
) AS n
LEFT JOIN receivables_contract AS x
    ON $has_external_id AND x.customer_id = n.customer_id AND x.external_id = n.external_id
LEFT JOIN receivables_contract AS k ON k.customer_id = n.customer_id AND k.number = n.number
LEFT JOIN receivables_contract AS t ON t.id = COALESCE(x.id, k.id)
