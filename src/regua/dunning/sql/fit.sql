-- The steps of a slice that still fit, after its listings were asked for.
INSERT INTO dunning_fit (
    id, customer_id, note, step_id, stage, days, action, channel, template_id, contact_kind,
    next_action_days)
SELECT
    r.id, r.customer_id, item.note, step.id AS step_id, step.stage, step.days, step.action,
    step.channel, step.template_id, step.contact_kind, step.next_action_days
FROM dunning_dunningitem AS item
JOIN dunning_dunningstep AS step ON step.id = item.step_id AND step.archived_at IS NULL
JOIN receivables_receivable AS r ON r.id = item.receivable_id
    AND r.status IN ('open', 'partial')
JOIN parties_customer AS c ON c.id = r.customer_id
LEFT JOIN dunning_dunningstanding AS standing ON standing.receivable_id = r.id
WHERE item.slice_id = %(slice)s AND NOT item.left_out
    AND COALESCE(standing.days, -32768) < step.days
    AND cardinality($pausing) = 0
    AND (step.action <> 'list' OR EXISTS (
        SELECT FROM restrictions_restriction AS listing
        WHERE listing.receivable_id = r.id AND listing.status NOT IN ($final)
    ))
    AND NOT EXISTS (
        SELECT FROM dunning_dunningentry AS entry
        WHERE entry.receivable_id = r.id AND entry.step_id = step.id
    )
