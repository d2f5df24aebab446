-- What the slices of some runs found and did, added up: run, part, key, how many, reais, cost.
SELECT
    slice.run_id, told.part, told.key,
    sum(told.many)::bigint, sum(told.amount)::numeric, sum(told.cost)::numeric
FROM dunning_dunningslice AS slice
CROSS JOIN LATERAL (
    SELECT 'slices' AS part, slice.state::text AS key, 1::bigint AS many, 0::numeric AS amount,
        0::numeric AS cost
    UNION ALL
    SELECT 'due', key, (value ->> 0)::bigint, (value ->> 1)::numeric, (value ->> 2)::numeric
    FROM jsonb_each(slice.found -> 'due')
    UNION ALL
    SELECT 'held', key, (value ->> 0)::bigint, (value ->> 1)::numeric, 0
    FROM jsonb_each(slice.found -> 'held')
    UNION ALL
    SELECT 'debts', key, value::bigint, 0, 0 FROM jsonb_each_text(slice.found -> 'debts')
    UNION ALL
    SELECT 'taken', key, value::bigint, 0, 0 FROM jsonb_each_text(slice.done -> 'steps')
    UNION ALL
    SELECT 'done', key, COALESCE((slice.done ->> key)::bigint, 0),
        CASE WHEN key = 'listed' THEN COALESCE((slice.done ->> 'listed_amount')::numeric, 0)
            ELSE 0 END, 0
    FROM unnest(ARRAY['messages', 'tasks', 'listed', 'changed']) AS key
) AS told
WHERE slice.run_id = ANY(%(runs)s::bigint[])
GROUP BY 1, 2, 3
