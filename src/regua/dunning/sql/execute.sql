-- Take the steps that fit: each once, whatever repeats or interrupts the run.
WITH taken AS MATERIALIZED (
    SELECT
        fit.id, fit.customer_id, fit.note, fit.known, step.id AS step_id, step.stage, step.days,
        step.action, step.channel, step.template_id, step.contact_kind, step.next_action_days
    FROM dunning_fit AS fit JOIN dunning_dunningstep AS step ON step.id = fit.step_id
),
entries AS (
    INSERT INTO dunning_dunningentry (receivable_id, run_id, step_id, stage, "on", note)
    SELECT id, %(run)s, step_id, stage, %(today)s, note FROM taken
),
standings AS (
    INSERT INTO dunning_dunningstanding (receivable_id, branch_id, stage, days, "on", open)
    SELECT id, %(branch)s, stage, days, %(today)s, true FROM taken WHERE NOT known
),
moved AS (
    UPDATE dunning_dunningstanding AS standing
    SET stage = taken.stage, days = taken.days, "on" = %(today)s, open = true
    FROM taken WHERE taken.known AND standing.receivable_id = taken.id
),
messages AS (
    INSERT INTO dunning_dunningmessage
        (receivable_id, step_id, branch_id, template_id, channel, status, due_at)
    SELECT id, step_id, %(branch)s, template_id, channel, 'queued', %(leaves_at)s::timestamptz
    FROM taken WHERE action = 'message' AND note = ''
),
tasks AS (
    INSERT INTO dunning_dunningtask (customer_id, branch_id, kind, due_on, step_id)
    SELECT DISTINCT ON (customer_id)
        customer_id, %(branch)s, contact_kind, %(today)s::date + next_action_days, step_id
    FROM taken WHERE contact_kind <> ''
    ORDER BY customer_id, days DESC
    ON CONFLICT (customer_id) WHERE done_at IS NULL DO NOTHING
    RETURNING id
)
UPDATE dunning_dunningslice SET state = 'done', done = jsonb_build_object(
    'steps', (
        SELECT COALESCE(jsonb_object_agg(step_id, many), '{}')
        FROM (SELECT step_id, count(*) AS many FROM taken GROUP BY step_id) AS counted
    ),
    'messages', (SELECT count(*) FROM taken WHERE action = 'message' AND note = ''),
    'tasks', (SELECT count(*) FROM tasks),
    'listed', %(listed)s::int,
    'listed_amount', %(listed_amount)s::numeric,
    'changed', (
        SELECT count(*) FROM dunning_dunningitem
        WHERE slice_id = %(slice)s AND NOT left_out
    ) - (SELECT count(*) FROM taken)
)
WHERE id = %(slice)s
