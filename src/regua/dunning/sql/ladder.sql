fitting AS MATERIALIZED (
    SELECT COALESCE(customers.id, 0) AS group_id, contracts.kind, policy.id AS policy_id
    FROM (SELECT id FROM parties_customergroup UNION ALL SELECT NULL) AS customers
    CROSS JOIN (VALUES ('telecom'), ('other')) AS contracts (kind)
    CROSS JOIN LATERAL (
        SELECT id FROM dunning_dunningpolicy
        WHERE active AND (branch_id = %(branch)s OR branch_id IS NULL)
            AND (group_id = customers.id OR group_id IS NULL)
            AND contract_kind IN ('', contracts.kind)
        ORDER BY group_id IS NULL, contract_kind = '', branch_id IS NULL
        LIMIT 1
    ) AS policy
),
ladder AS MATERIALIZED (
    SELECT
        step.*,
        sooner,
        COALESCE(lead(days) OVER up, 32767) AS next_days,
        COALESCE(max(days) FILTER (WHERE required) OVER (
            PARTITION BY policy_id ORDER BY days ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), -32768) AS required_before,
        bool_or(cardinality(sooner) > 0) OVER (PARTITION BY policy_id) AS put_off
    FROM dunning_dunningstep AS step
    CROSS JOIN LATERAL (
        -- What this step was while its day came sooner.
        SELECT ARRAY(
            SELECT id FROM dunning_dunningstep AS was
            WHERE was.policy_id = step.policy_id AND was.days < step.days
                AND COALESCE(was.origin_id, was.id) = step.origin_id
        ) AS sooner
    ) AS version
    WHERE archived_at IS NULL AND policy_id IN (SELECT policy_id FROM fitting)
    WINDOW up AS (PARTITION BY policy_id ORDER BY days)
)
