-- Take the steps that fit: each once, whatever repeats or interrupts the run.
WITH entries AS (
    INSERT INTO dunning_dunningentry (receivable_id, run_id, step_id, stage, "on", note)
    SELECT fit.id, %(run)s, step.id, step.stage, %(today)s, fit.note
    FROM dunning_fit AS fit JOIN dunning_dunningstep AS step ON step.id = fit.step_id
),
standings AS (
    INSERT INTO dunning_dunningstanding (receivable_id, branch_id, stage, days, "on", open)
    SELECT fit.id, %(branch)s, step.stage, step.days, %(today)s, true
    FROM dunning_fit AS fit JOIN dunning_dunningstep AS step ON step.id = fit.step_id
    WHERE NOT fit.known
),
moved AS (
    UPDATE dunning_dunningstanding AS standing
    SET stage = step.stage, days = step.days, "on" = %(today)s, open = true
    FROM dunning_fit AS fit JOIN dunning_dunningstep AS step ON step.id = fit.step_id
    WHERE fit.known AND standing.receivable_id = fit.id
),
messages AS (
    INSERT INTO dunning_dunningmessage
        (receivable_id, step_id, branch_id, template_id, channel, status, due_at)
    SELECT fit.id, step.id, %(branch)s, step.template_id, step.channel, 'queued',
        %(leaves_at)s::timestamptz
    FROM dunning_fit AS fit JOIN dunning_dunningstep AS step ON step.id = fit.step_id
    WHERE step.action = 'message' AND fit.note = ''
    RETURNING id
),
tasks AS (
    INSERT INTO dunning_dunningtask (customer_id, branch_id, kind, due_on, step_id)
    SELECT DISTINCT ON (fit.customer_id)
        fit.customer_id, %(branch)s, step.contact_kind,
        %(today)s::date + step.next_action_days, step.id
    FROM dunning_fit AS fit JOIN dunning_dunningstep AS step ON step.id = fit.step_id
    WHERE step.contact_kind <> ''
    ORDER BY fit.customer_id, step.days DESC
    ON CONFLICT (customer_id) WHERE done_at IS NULL DO NOTHING
    RETURNING id
)
UPDATE dunning_dunningslice SET state = 'done', done = jsonb_build_object(
    'steps', (
        SELECT COALESCE(jsonb_object_agg(step_id, many), '{}')
        FROM (SELECT step_id, count(*) AS many FROM dunning_fit GROUP BY step_id) AS counted
    ),
    'messages', (SELECT count(*) FROM messages),
    'tasks', (SELECT count(*) FROM tasks),
    'listed', %(listed)s::int,
    'listed_amount', %(listed_amount)s::numeric,
    'changed', (
        SELECT count(*) FROM dunning_dunningitem
        WHERE slice_id = %(slice)s AND NOT left_out
    ) - (SELECT count(*) FROM dunning_fit)
)
WHERE id = %(slice)s
