-- Cut a branch's owed debts into slices of so many, by due date; number 0 looks after
-- those that are no longer owed.
INSERT INTO dunning_dunningslice (run_id, number, after_due, after_id, to_due, to_id)
SELECT %(run)s, 0, DATE '1900-01-01', 0, DATE '1900-01-01', 0
UNION ALL
SELECT
    %(run)s, row_number() OVER (ORDER BY due_date, id),
    COALESCE(lag(due_date) OVER (ORDER BY due_date, id), DATE '1900-01-01'),
    COALESCE(lag(id) OVER (ORDER BY due_date, id), 0),
    due_date, id
FROM (
    SELECT
        due_date, id, row_number() OVER (ORDER BY due_date, id) AS place, count(*) OVER () AS total
    FROM receivables_receivable
    WHERE branch_id = %(branch)s AND status IN ('open', 'partial') AND due_date <= %(until)s::date
) AS debt
WHERE debt.place %% %(size)s = 0 OR debt.place = debt.total
