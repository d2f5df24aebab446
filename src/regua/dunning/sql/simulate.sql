-- Write down what was weighed: what is due, what is held, what is held no longer, and the sums.
WITH items AS (
    INSERT INTO dunning_dunningitem
        (run_id, slice_id, receivable_id, step_id, amount, cost, note)
    SELECT %(run)s, %(slice)s, id, step_id, open_amount, cost, note
    FROM dunning_weighed WHERE cardinality(reasons) = 0
),
holds AS (
    INSERT INTO dunning_dunninghold AS hold
        (receivable_id, branch_id, customer_id, step_id, reasons, since)
    SELECT id, %(branch)s, customer_id, step_id, to_jsonb(reasons), %(today)s
    FROM dunning_weighed WHERE cardinality(reasons) > 0
    ON CONFLICT (receivable_id) DO UPDATE
    SET step_id = EXCLUDED.step_id, reasons = EXCLUDED.reasons, since = EXCLUDED.since
    WHERE (hold.step_id, hold.reasons) IS DISTINCT FROM (EXCLUDED.step_id, EXCLUDED.reasons)
),
freed AS (
    DELETE FROM dunning_dunninghold
    WHERE branch_id = %(branch)s
        AND customer_id > %(after_customer)s AND customer_id <= %(to_customer)s
        AND receivable_id NOT IN (SELECT id FROM dunning_weighed WHERE cardinality(reasons) > 0)
)
UPDATE dunning_dunningslice SET state = 'simulated', found = jsonb_build_object(
    'due', (
        SELECT COALESCE(jsonb_object_agg(step_id, jsonb_build_array(many, amount, cost)), '{}')
        FROM (
            SELECT step_id, count(*) AS many, sum(open_amount) AS amount, sum(cost) AS cost
            FROM dunning_weighed WHERE cardinality(reasons) = 0 GROUP BY step_id
        ) AS counted
    ),
    'held', (
        SELECT COALESCE(jsonb_object_agg(reason, jsonb_build_array(many, amount)), '{}')
        FROM (
            SELECT reason, count(*) AS many, sum(open_amount) AS amount
            FROM dunning_weighed CROSS JOIN unnest(reasons) AS reason GROUP BY reason
        ) AS counted
    ),
    'debts', (
        SELECT jsonb_build_object(
            'due', count(*) FILTER (WHERE cardinality(reasons) = 0),
            'held', count(*) FILTER (WHERE cardinality(reasons) > 0))
        FROM dunning_weighed
    )
)
WHERE id = %(slice)s
