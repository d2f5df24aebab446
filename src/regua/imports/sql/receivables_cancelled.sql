INSERT INTO receivables_receivablecancellation (receivable_id, amount, reason, actor_id)
SELECT n.target, n.open_before, %(reason)s::text, %(actor)s
FROM $clean AS n
WHERE n.action = 'update' AND n.troubles IS NULL
    AND n.status_after = 'cancelled' AND n.status_before <> 'cancelled'
