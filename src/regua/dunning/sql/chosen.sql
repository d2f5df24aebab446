-- The debts of a slice that are to be listed and that nothing has stopped since the simulation.
INSERT INTO dunning_chosen (id)
SELECT r.id
FROM dunning_dunningitem AS item
JOIN dunning_dunningstep AS step ON step.id = item.step_id AND step.archived_at IS NULL
    AND step.action = 'list' AND step.auto_list <> 'no'
JOIN receivables_receivable AS r ON r.id = item.receivable_id AND r.status IN ('open', 'partial')
JOIN parties_customer AS c ON c.id = r.customer_id
LEFT JOIN dunning_dunningstanding AS standing ON standing.receivable_id = r.id
WHERE item.slice_id = %(slice)s AND NOT item.left_out
    AND COALESCE(standing.days, -32768) < step.days
    AND cardinality($pausing) = 0
