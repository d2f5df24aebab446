-- Nobody calls for a debt that is contested (CDC, art. 54-G): customers of whom everything due is
-- wait one day more.
UPDATE dunning_dunningtask SET due_on = %(today)s::date + 1
WHERE id IN (
    SELECT due.id
    FROM dunning_dunningtask AS due
    WHERE due.done_at IS NULL AND due.due_on <= %(today)s::date $only
        AND EXISTS (
            SELECT FROM receivables_receivable AS r
            WHERE r.customer_id = due.customer_id AND r.status IN ('open', 'partial')
                AND NOT r.renegotiated AND r.due_date <= %(today)s::date AND $contested
        )
        AND NOT EXISTS (
            SELECT FROM receivables_receivable AS r
            WHERE r.customer_id = due.customer_id AND r.status IN ('open', 'partial')
                AND NOT r.renegotiated AND r.due_date <= %(today)s::date AND NOT $contested
        )
    FOR UPDATE SKIP LOCKED
)
