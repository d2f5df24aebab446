INSERT INTO receivables_contract
    (customer_id, external_id, number, kind, started_on, suspended_on, ended_on)
SELECT
    n.customer_id, n.external_id, n.number, COALESCE(n.kind, 'telecom'), n.started_on,
    n.suspended_on, n.ended_on
FROM $clean AS n WHERE n.action = 'create' AND n.troubles IS NULL
ORDER BY n.line
