-- Customers who owe nothing that is due any more, or have died, leave the worklist. A task that a
-- step asked for before the due date waits for what that step was about.
UPDATE dunning_dunningtask SET done_at = now()
WHERE id IN (
    SELECT due.id
    FROM dunning_dunningtask AS due
    JOIN parties_customer AS c ON c.id = due.customer_id
    LEFT JOIN dunning_dunningstep AS step ON step.id = due.step_id
    WHERE due.done_at IS NULL $only
        AND (
            c.deceased_on IS NOT NULL
            OR NOT EXISTS (
                SELECT FROM receivables_receivable AS r
                WHERE r.customer_id = due.customer_id
                    AND r.status IN ('open', 'partial') AND NOT r.renegotiated
                    AND r.due_date <= %(today)s::date - LEAST(COALESCE(step.days, 0), 0)
            )
        )
    FOR UPDATE OF due SKIP LOCKED
)
