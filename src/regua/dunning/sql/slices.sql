-- Cut a branch's owed debts into slices of about so many, whole customers each; number 0 looks after
-- those that are no longer owed.
INSERT INTO dunning_dunningslice (run_id, number, after_customer, to_customer)
SELECT %(run)s, 0, 0, 0
UNION ALL
SELECT
    %(run)s, row_number() OVER by_customer,
    COALESCE(lag(last_customer) OVER by_customer, 0), last_customer
FROM (
    SELECT max(customer_id) AS last_customer
    FROM (
        SELECT customer_id, (row_number() OVER (ORDER BY customer_id) - 1) / %(size)s AS part
        FROM receivables_receivable
        WHERE branch_id = %(branch)s AND status IN ('open', 'partial')
            AND due_date <= %(until)s::date
    ) AS debt
    GROUP BY part
) AS slice
GROUP BY last_customer
WINDOW by_customer AS (ORDER BY last_customer)
