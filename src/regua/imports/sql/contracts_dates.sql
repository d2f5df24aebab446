-- Who wrote the dates: they decide when a debt may be listed.
INSERT INTO receivables_contractdateschange
    (contract_id, suspended_before, suspended_on, ended_before, ended_on, actor_id)
SELECT
    t.id, n.suspended_before, n.suspended_after, n.ended_before, n.ended_after, %(actor)s
FROM $clean AS n
JOIN receivables_contract AS t
    ON t.customer_id = n.customer_id AND (t.id = n.target OR n.target IS NULL AND t.number = n.number)
WHERE n.action <> 'same' AND n.troubles IS NULL
    AND (n.suspended_before, n.ended_before)
        IS DISTINCT FROM (n.suspended_after, n.ended_after)
ORDER BY n.line
