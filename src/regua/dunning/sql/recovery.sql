-- What the steps of a period brought. A payment belongs to the last step taken before it, if it
-- came within so many days of it; steps of the days after the period are read only to know that.
WITH taken AS MATERIALIZED (
    SELECT entry.receivable_id, entry.step_id, entry."on", run.day <= %(until)s::date AS counts
    FROM dunning_dunningrun AS run
    JOIN dunning_dunningentry AS entry ON entry.run_id = run.id AND entry.step_id IS NOT NULL
    WHERE run.branch_id = ANY(%(branches)s::bigint[])
        AND run.day BETWEEN %(since)s::date AND %(until)s::date + %(window)s::int
),
attributed AS (
    SELECT DISTINCT ON (payment.id)
        taken.receivable_id, taken.step_id, taken.counts, payment.amount,
        payment.paid_on - taken."on" AS days
    FROM taken
    JOIN receivables_payment AS payment ON payment.receivable_id = taken.receivable_id
        AND payment.paid_on BETWEEN %(since)s::date AND %(until)s::date + %(window)s::int
        AND payment.paid_on BETWEEN taken."on" AND taken."on" + %(window)s::int
    ORDER BY payment.id, taken."on" DESC
),
paid AS (
    SELECT
        step_id, count(DISTINCT receivable_id) AS debts, sum(amount) AS amount,
        percentile_disc(0.5) WITHIN GROUP (ORDER BY days) AS median,
        ARRAY[
            count(*) FILTER (WHERE days <= 3),
            count(*) FILTER (WHERE days BETWEEN 4 AND 7),
            count(*) FILTER (WHERE days BETWEEN 8 AND 15),
            count(*) FILTER (WHERE days BETWEEN 16 AND 30),
            count(*) FILTER (WHERE days > 30)
        ] AS spread
    FROM attributed WHERE counts GROUP BY step_id
),
counted AS (
    SELECT taken.step_id, count(*) AS debts, count(owed.id) AS owed
    FROM taken
    LEFT JOIN receivables_receivable AS owed ON owed.id = taken.receivable_id
        AND owed.status IN ('open', 'partial')
    WHERE taken.counts
    GROUP BY taken.step_id
),
spent AS (
    -- Of what a slice was to do, the share that it did.
    SELECT
        found.key::bigint AS step_id,
        sum(
            (found.value ->> 2)::numeric * COALESCE((slice.done -> 'steps' ->> found.key)::int, 0)
            / (found.value ->> 0)::int
        ) AS cost
    FROM dunning_dunningrun AS run
    JOIN dunning_dunningslice AS slice ON slice.run_id = run.id
    CROSS JOIN LATERAL jsonb_each(slice.found -> 'due') AS found
    WHERE run.branch_id = ANY(%(branches)s::bigint[])
        AND run.day BETWEEN %(since)s::date AND %(until)s::date
    GROUP BY found.key
)
SELECT
    counted.step_id, counted.debts, counted.owed, COALESCE(paid.debts, 0),
    COALESCE(paid.amount, 0), paid.median, COALESCE(paid.spread, '{0,0,0,0,0}'),
    COALESCE(spent.cost, 0)
FROM counted
LEFT JOIN paid USING (step_id)
LEFT JOIN spent USING (step_id)
