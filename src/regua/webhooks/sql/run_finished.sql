SELECT
    'dunning_run_' || run.id AS id, run.id AS place,
    'dunning.run_finished' AS type, run.finished_at AS at, run.branch_id,
    jsonb_build_object(
        'run', run.id, 'branch', run.branch_id, 'day', run.day, 'state', run.state,
        'scheduled', run.scheduled, 'listed', done.listed, 'messages', done.messages,
        'tasks', done.tasks) AS data
FROM run
CROSS JOIN LATERAL (
    SELECT
        COALESCE(sum((slice.done ->> 'listed')::int), 0) AS listed,
        COALESCE(sum((slice.done ->> 'messages')::int), 0) AS messages,
        COALESCE(sum((slice.done ->> 'tasks')::int), 0) AS tasks
    FROM dunning_dunningslice AS slice WHERE slice.run_id = run.id
) AS done
