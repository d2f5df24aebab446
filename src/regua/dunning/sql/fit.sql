-- The steps of a slice that still fit: what was settled, paused or promised meanwhile is left out.
INSERT INTO dunning_fit (id, customer_id, step_id, lists, note, known)
SELECT
    r.id, r.customer_id, step.id, step.action = 'list', item.note,
    standing.receivable_id IS NOT NULL
FROM dunning_dunningitem AS item
JOIN dunning_dunningstep AS step ON step.id = item.step_id AND step.archived_at IS NULL
JOIN receivables_receivable AS r ON r.id = item.receivable_id
    AND r.status IN ('open', 'partial')
JOIN parties_customer AS c ON c.id = r.customer_id
LEFT JOIN dunning_dunningstanding AS standing ON standing.receivable_id = r.id
WHERE item.slice_id = %(slice)s AND NOT item.left_out
    AND COALESCE(standing.days, -32768) < step.days
    AND cardinality($pausing) = 0
    AND (step.auto_list <> 'no' OR item.note <> '')
