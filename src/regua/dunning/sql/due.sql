-- The step that is due of each debt of a slice, what stops it, and why its message cannot leave.
INSERT INTO dunning_due (
    id, customer_id, open_amount, step_id, action, channel, auto_list, required, pausing, note)
WITH $ladder,
owed AS MATERIALIZED (
    -- By itself, so that it is read once, whatever the planner makes of the few policies below.
    SELECT
        r.id, r.open_amount, c.id AS customer_id, c.email, c.mobile, c.active,
        COALESCE(c.group_id, 0) AS group_id, k.kind,
        COALESCE(standing.days, -32768) AS taken,
        -- A debt found late keeps the distance between steps all the same.
        LEAST(
            %(today)s::date - r.due_date, standing.days + (%(today)s::date - standing."on")
        ) AS reached,
        $pausing AS pausing
    FROM receivables_receivable AS r
    JOIN receivables_contract AS k ON k.id = r.contract_id
    JOIN parties_customer AS c ON c.id = r.customer_id
    LEFT JOIN dunning_dunningstanding AS standing ON standing.receivable_id = r.id
    WHERE r.branch_id = %(branch)s AND r.status IN ('open', 'partial') AND NOT r.renegotiated
        AND r.due_date <= %(until)s::date
        AND r.customer_id > %(after_customer)s AND r.customer_id <= %(to_customer)s
        -- Said again, so that these, too, are read by their range.
        AND c.id > %(after_customer)s AND c.id <= %(to_customer)s
)
SELECT
    owed.id, owed.customer_id, owed.open_amount, step.id, step.action, step.channel, step.auto_list, step.required,
    owed.pausing,
    CASE
        WHEN step.action = 'list' THEN CASE WHEN EXISTS (
            SELECT FROM restrictions_restriction AS listing
            WHERE listing.receivable_id = owed.id AND listing.status NOT IN ($final)
        ) THEN 'listing.live' ELSE '' END
        WHEN step.action <> 'message' THEN ''
        WHEN NOT step.channel = ANY(%(channels)s::text[]) THEN 'message.channel'
        WHEN step.channel = 'email' AND owed.email = '' THEN 'message.email'
        WHEN step.channel <> 'email' AND owed.mobile = '' THEN 'message.mobile'
        WHEN (owed.customer_id, step.channel) IN (
            SELECT customer_id, channel FROM dunning_messageoptout
        ) THEN 'message.opt_out'
        WHEN NOT owed.active AND NOT %(message_inactive)s THEN 'message.inactive'
        ELSE ''
    END
FROM owed
JOIN fitting ON fitting.group_id = owed.group_id AND fitting.kind = owed.kind
JOIN ladder AS step ON step.policy_id = fitting.policy_id
    AND step.days > owed.taken AND step.days <= owed.reached
    AND (step.required OR step.next_days > owed.reached)
CROSS JOIN LATERAL (
    -- A step that was put off after the debt had taken it counts as taken on its new day, unless a
    -- required one that is still to come stands before it.
    SELECT CASE WHEN NOT step.put_off THEN owed.taken ELSE (
        WITH passing AS (
            SELECT days, required, EXISTS (
                SELECT FROM dunning_dunningentry AS entry
                WHERE entry.receivable_id = owed.id AND entry.step_id = ANY(up.sooner)
            ) AS done
            FROM ladder AS up
            WHERE up.policy_id = step.policy_id AND days > owed.taken AND days <= owed.reached
        )
        SELECT COALESCE(max(days) FILTER (WHERE done), owed.taken) FROM passing
        WHERE days < (SELECT COALESCE(min(days), 32767) FROM passing WHERE required AND NOT done)
    ) END AS days
) AS passed
WHERE step.days > passed.days AND step.required_before <= passed.days
