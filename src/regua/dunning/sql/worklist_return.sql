-- Customers whose promise has passed unkept come back, to the person who heard it.
INSERT INTO dunning_dunningtask (customer_id, branch_id, kind, due_on, assigned_to_id)
SELECT promise.customer_id, c.branch_id, promise.kind, %(today)s::date, actor.id
FROM dunning_dunningcontact AS promise
JOIN parties_customer AS c ON c.id = promise.customer_id AND c.deceased_on IS NULL
LEFT JOIN accounts_user AS actor ON actor.id = promise.actor_id AND actor.is_active
WHERE promise.result = 'promise' AND promise.withdrawn_at IS NULL
    AND promise.promised_on < %(today)s::date AND promise.promised_on >= %(today)s::date - 30
    AND NOT EXISTS (
        SELECT FROM dunning_dunningcontact AS later
        WHERE later.customer_id = promise.customer_id AND later.id > promise.id
    )
    AND NOT EXISTS (
        SELECT FROM dunning_dunningtask AS task
        WHERE task.customer_id = promise.customer_id AND task.done_at IS NULL
    )
    AND EXISTS (
        SELECT FROM receivables_receivable AS r
        WHERE r.customer_id = promise.customer_id AND r.status IN ('open', 'partial')
            AND NOT r.renegotiated AND NOT r.disputed AND r.due_date <= %(today)s::date
    )
ON CONFLICT (customer_id) WHERE done_at IS NULL DO NOTHING
