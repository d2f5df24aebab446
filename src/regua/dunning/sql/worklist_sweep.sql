-- Customers who owe nothing that is due any more, or have died, leave the worklist; those of whom
-- everything due is contested wait one day more (CDC, art. 54-G). A task that a step asked for
-- before the due date is about what that step was about.
WITH standing AS MATERIALIZED (
    SELECT
        due.id, c.deceased_on IS NOT NULL OR count(r.id) = 0 AS gone,
        bool_and(
            r.disputed OR r.id IN (
                SELECT receivable_id FROM receivables_impediment
                WHERE closed_at IS NULL AND kind = 'contest'
            )
        ) AND due.due_on <= %(today)s::date AS waits
    FROM dunning_dunningtask AS due
    JOIN parties_customer AS c ON c.id = due.customer_id
    LEFT JOIN dunning_dunningstep AS step ON step.id = due.step_id
    LEFT JOIN receivables_receivable AS r ON r.customer_id = due.customer_id
        AND r.status IN ('open', 'partial') AND NOT r.renegotiated
        AND r.due_date <= %(today)s::date - LEAST(COALESCE(step.days, 0), 0)
    WHERE due.done_at IS NULL $only
    GROUP BY due.id, c.deceased_on
),
free AS MATERIALIZED (
    SELECT task.id, standing.gone
    FROM standing JOIN dunning_dunningtask AS task ON task.id = standing.id
    WHERE (standing.gone OR standing.waits) AND task.done_at IS NULL
    FOR UPDATE OF task SKIP LOCKED
)
UPDATE dunning_dunningtask AS task SET
    done_at = CASE WHEN free.gone THEN now() END,
    due_on = CASE WHEN free.gone THEN task.due_on ELSE %(today)s::date + 1 END
FROM free WHERE task.id = free.id
