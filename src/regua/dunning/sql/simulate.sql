-- What a run would do about each debt of a slice, or every reason why it may not. Everything is
-- looked up before anything is written: the tables being filled look empty to the planner.
WITH $ladder,
due AS MATERIALIZED (
    SELECT
        r.id, r.open_amount, step.id AS step_id, step.action, step.channel, step.auto_list,
        step.required,
        $pausing AS pausing,
        CASE
            WHEN step.action = 'list' THEN CASE WHEN EXISTS (
                SELECT FROM restrictions_restriction AS listing
                WHERE listing.receivable_id = r.id AND listing.status IN ($live)
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
),
gated AS MATERIALIZED (
    SELECT r.id, $blocking AS blocking
    FROM $from_debt
    WHERE r.id IN (SELECT id FROM due WHERE action = 'list' AND note = '')
),
weighed AS MATERIALIZED (
    SELECT due.*, due.pausing
        || CASE WHEN due.action <> 'list' OR due.note <> '' THEN '{}'
            WHEN due.auto_list = 'no' THEN ARRAY['switch.step']
            ELSE %(switches)s::text[] || COALESCE(gated.blocking, '{}') END
        || CASE WHEN due.required AND due.note <> '' AND NOT EXISTS (
                SELECT FROM compliance_evidence AS proof
                JOIN receivables_receivable AS r ON r.contract_id = proof.contract_id
                WHERE r.id = due.id AND proof.kind = 'overdue_notice'
                    AND proof.withdrawn_at IS NULL AND proof.dated_on > r.due_date
                    AND COALESCE(proof.receivable_id, r.id) = r.id
            ) THEN ARRAY[due.note] ELSE '{}' END AS reasons
    FROM due LEFT JOIN gated USING (id)
),
priced AS MATERIALIZED (
    SELECT weighed.*, CASE
        WHEN note <> '' THEN 0
        WHEN action = 'list' THEN %(listing_price)s::numeric
        WHEN action = 'message' THEN COALESCE((%(message_prices)s::jsonb ->> channel)::numeric, 0)
        ELSE 0 END AS cost
    FROM weighed
),
items AS (
    INSERT INTO dunning_dunningitem
        (run_id, slice_id, receivable_id, step_id, amount, cost, note)
    SELECT %(run)s, %(slice)s, id, step_id, open_amount, cost, note
    FROM priced WHERE cardinality(reasons) = 0
),
holds AS (
    INSERT INTO dunning_dunninghold AS hold (receivable_id, branch_id, step_id, reasons, since)
    SELECT id, %(branch)s, step_id, to_jsonb(reasons), %(today)s
    FROM priced WHERE cardinality(reasons) > 0
    ON CONFLICT (receivable_id) DO UPDATE
    SET step_id = EXCLUDED.step_id, reasons = EXCLUDED.reasons, since = EXCLUDED.since
    WHERE (hold.step_id, hold.reasons) IS DISTINCT FROM (EXCLUDED.step_id, EXCLUDED.reasons)
),
freed AS (
    DELETE FROM dunning_dunninghold AS hold
    USING receivables_receivable AS r
    WHERE hold.receivable_id = r.id AND hold.branch_id = %(branch)s
        AND r.branch_id = %(branch)s AND r.status IN ('open', 'partial')
        AND (r.due_date, r.id) > (%(after_due)s::date, %(after_id)s::bigint)
        AND (r.due_date, r.id) <= (%(to_due)s::date, %(to_id)s::bigint)
        AND hold.receivable_id NOT IN (SELECT id FROM priced WHERE cardinality(reasons) > 0)
)
UPDATE dunning_dunningslice SET state = 'simulated', found = jsonb_build_object(
    'due', (
        SELECT COALESCE(jsonb_object_agg(step_id, jsonb_build_array(many, amount, cost)), '{}')
        FROM (
            SELECT step_id, count(*) AS many, sum(open_amount) AS amount, sum(cost) AS cost
            FROM priced WHERE cardinality(reasons) = 0 GROUP BY step_id
        ) AS counted
    ),
    'held', (
        SELECT COALESCE(jsonb_object_agg(reason, jsonb_build_array(many, amount)), '{}')
        FROM (
            SELECT reason, count(*) AS many, sum(open_amount) AS amount
            FROM priced CROSS JOIN unnest(reasons) AS reason GROUP BY reason
        ) AS counted
    ),
    'debts', (
        SELECT jsonb_build_object(
            'due', count(*) FILTER (WHERE cardinality(reasons) = 0),
            'held', count(*) FILTER (WHERE cardinality(reasons) > 0))
        FROM priced
    )
)
WHERE id = %(slice)s
