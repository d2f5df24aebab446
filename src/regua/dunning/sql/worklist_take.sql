-- The most urgent task of these branches that nobody has, locked. The branch is chosen first, so
-- that each one's index is read from its beginning.
WITH oldest AS MATERIALIZED (
    SELECT branch.id, first.due_on
    FROM unnest(%(branches)s::bigint[]) AS branch (id)
    CROSS JOIN LATERAL (
        SELECT task.due_on FROM dunning_dunningtask AS task
        WHERE task.branch_id = branch.id AND task.done_at IS NULL
            AND task.assigned_to_id IS NULL AND task.due_on <= %(today)s::date
        ORDER BY task.due_on, task.id LIMIT 1
    ) AS first
)
SELECT taken.id, taken.customer_id
FROM (SELECT id FROM oldest ORDER BY due_on, id) AS branch
CROSS JOIN LATERAL (
    SELECT task.id, task.customer_id FROM dunning_dunningtask AS task
    WHERE task.branch_id = branch.id AND task.done_at IS NULL
        AND task.assigned_to_id IS NULL AND task.due_on <= %(today)s::date
    ORDER BY task.due_on, task.id LIMIT 1
    FOR UPDATE SKIP LOCKED
) AS taken
LIMIT 1
