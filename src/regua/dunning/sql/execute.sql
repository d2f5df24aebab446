-- Take the steps that fit: each once, whatever repeats or interrupts the run.
WITH entries AS (
    INSERT INTO dunning_dunningentry (receivable_id, run_id, step_id, stage, "on", note)
    SELECT id, %(run)s, step_id, stage, %(today)s, note FROM dunning_fit
),
standings AS (
    INSERT INTO dunning_dunningstanding (receivable_id, branch_id, stage, days, "on", open)
    SELECT id, %(branch)s, stage, days, %(today)s, true FROM dunning_fit
    ON CONFLICT (receivable_id) DO UPDATE
    SET stage = EXCLUDED.stage, days = EXCLUDED.days, "on" = EXCLUDED."on", open = true
),
messages AS (
    INSERT INTO dunning_dunningmessage
        (receivable_id, step_id, branch_id, template_id, channel, status, due_at)
    SELECT id, step_id, %(branch)s, template_id, channel, 'queued', %(leaves_at)s::timestamptz
    FROM dunning_fit WHERE action = 'message' AND note = ''
),
tasks AS (
    INSERT INTO dunning_dunningtask (customer_id, branch_id, kind, due_on, step_id)
    SELECT DISTINCT ON (customer_id)
        customer_id, %(branch)s, contact_kind, %(today)s::date + next_action_days, step_id
    FROM dunning_fit WHERE contact_kind <> ''
    ORDER BY customer_id, days DESC
    ON CONFLICT (customer_id) WHERE done_at IS NULL DO NOTHING
    RETURNING id
)
UPDATE dunning_dunningslice SET state = 'done', done = jsonb_build_object(
    'steps', (
        SELECT COALESCE(jsonb_object_agg(step_id, many), '{}')
        FROM (SELECT step_id, count(*) AS many FROM dunning_fit GROUP BY step_id) AS counted
    ),
    'messages', (SELECT count(*) FROM dunning_fit WHERE action = 'message' AND note = ''),
    'tasks', (SELECT count(*) FROM tasks),
    'listed', %(listed)s::int,
    'listed_amount', %(listed_amount)s::numeric,
    'changed', (
        SELECT count(*) FROM dunning_dunningitem
        WHERE slice_id = %(slice)s AND NOT left_out
    ) - (SELECT count(*) FROM dunning_fit)
)
WHERE id = %(slice)s
