-- Cut a branch's owed debts into slices of about so many, whole customers each; number 0 looks after
-- those that are no longer owed. The last slice has no end: whoever is beyond belongs to it.
WITH debt AS (
    SELECT customer_id, (row_number() OVER (ORDER BY customer_id) - 1) / %(size)s AS part
    FROM receivables_receivable
    WHERE branch_id = %(branch)s AND status IN ('open', 'partial') AND due_date <= %(until)s::date
),
cut AS (
    SELECT max(customer_id) AS customer FROM debt
    WHERE part < (SELECT max(part) FROM debt) GROUP BY part
    UNION SELECT 9223372036854775807
)
INSERT INTO dunning_dunningslice (run_id, number, after_customer, to_customer)
SELECT %(run)s, 0, 0, 0
UNION ALL
SELECT
    %(run)s, row_number() OVER by_customer, COALESCE(lag(customer) OVER by_customer, 0), customer
FROM cut
WINDOW by_customer AS (ORDER BY customer)
