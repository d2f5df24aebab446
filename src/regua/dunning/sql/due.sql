-- The step that is due of each debt of a slice, what stops it, and why its message cannot leave.
INSERT INTO dunning_due (
    id, open_amount, step_id, action, channel, auto_list, required, pausing, note)
WITH $ladder
SELECT
    r.id, r.open_amount, step.id AS step_id, step.action, step.channel, step.auto_list,
    step.required,
    $pausing AS pausing,
    CASE
        WHEN step.action = 'list' THEN CASE WHEN EXISTS (
            SELECT FROM restrictions_restriction AS listing
            WHERE listing.receivable_id = r.id AND listing.status NOT IN ($final)
        ) THEN 'listing.live' ELSE '' END
        WHEN step.action <> 'message' THEN ''
        WHEN NOT step.channel = ANY(%(channels)s::text[]) THEN 'message.channel'
        WHEN step.channel = 'email' AND c.email = '' THEN 'message.email'
        WHEN step.channel <> 'email' AND c.mobile = '' THEN 'message.mobile'
        WHEN (c.id, step.channel) IN (SELECT customer_id, channel FROM dunning_messageoptout)
            THEN 'message.opt_out'
        WHEN NOT c.active AND NOT %(message_inactive)s THEN 'message.inactive'
        ELSE ''
    END AS note
FROM receivables_receivable AS r
JOIN receivables_contract AS k ON k.id = r.contract_id
JOIN parties_customer AS c ON c.id = r.customer_id
JOIN fitting ON fitting.group_id = COALESCE(c.group_id, 0) AND fitting.kind = k.kind
LEFT JOIN dunning_dunningstanding AS standing ON standing.receivable_id = r.id
CROSS JOIN LATERAL (
    SELECT
        COALESCE(standing.days, -32768) AS taken,
        -- A debt found late keeps the distance between steps all the same.
        LEAST(
            %(today)s::date - r.due_date, standing.days + (%(today)s::date - standing."on")
        ) AS reached
) AS day
JOIN ladder AS step ON step.policy_id = fitting.policy_id
    AND step.days > day.taken AND step.days <= day.reached
    AND step.required_before <= day.taken
    AND (step.required OR (step.next_days > day.reached AND step.required_after > day.reached))
WHERE r.branch_id = %(branch)s AND r.status IN ('open', 'partial')
    AND (r.due_date, r.id) > (%(after_due)s::date, %(after_id)s::bigint)
    AND (r.due_date, r.id) <= (%(to_due)s::date, %(to_id)s::bigint)
