-- List every debt chosen that the gate lets through, each as restrictions_request would: what the
-- bureau is told is fixed now, the gate's answer is kept, and the history begins.
WITH asked AS MATERIALIZED (
    SELECT
        r.id, r.branch_id, r.customer_id, r.our_number, r.due_date, r.open_amount,
        k.number AS contract_number,
        CASE WHEN length(c.document) = 14 THEN %(company_code)s ELSE %(person_code)s END AS code,
        $debtor AS debtor,
        CASE WHEN %(co_debtors)s AND g.id IS NOT NULL THEN $co_debtor END AS co_debtor,
        ARRAY[$states] AS states
    FROM $from_debt
    WHERE r.id IN ($chosen) AND r.branch_id = %(branch)s
),
answered AS MATERIALIZED (
    -- Most debts are answered alike: what is kept of it is put together once for all of them.
    SELECT alike.states, (
        SELECT jsonb_agg(jsonb_build_array(answer.rule, answer.state) ORDER BY answer.place)
        FROM unnest(%(rules)s::text[], alike.states)
            WITH ORDINALITY AS answer (rule, state, place)
        WHERE answer.state IS NOT NULL
    ) AS gate
    FROM (SELECT DISTINCT states FROM asked) AS alike
    WHERE NOT alike.states && ARRAY['fail', 'missing']
),
fit AS MATERIALIZED (
    SELECT
        asked.*, answered.gate, price.fine, price.interest,
        asked.open_amount + price.fine + price.interest AS amount
    FROM asked
    JOIN answered USING (states)
    CROSS JOIN LATERAL (
        SELECT
            CASE WHEN %(updated)s AND late.days > 0
                THEN round(asked.open_amount * %(fine_percent)s / 100, 2) ELSE 0 END AS fine,
            CASE WHEN %(updated)s AND late.days > 0
                THEN round(asked.open_amount * %(interest_percent)s * late.days / 3000, 2)
                ELSE 0 END AS interest
        FROM (SELECT %(today)s::date - asked.due_date AS days) AS late
    ) AS price
),
listed AS (
    INSERT INTO restrictions_restriction (
        integration_id, provider, branch_id, customer_id, receivable_id, idempotency_key,
        removal_key, due_at, attempts, unknown, problem, form, status, unavailable,
        restriction_code, contract_number, our_number, amount, fine, interest, due_date, debtor,
        co_debtor, gate, approval_reason, protocol, bureau_version, bureau_status, bureau_code,
        removal_reason, removal_code, requested_by_id)
    SELECT
        %(integration)s, %(provider)s, fit.branch_id, fit.customer_id, fit.id, gen_random_uuid(),
        gen_random_uuid(), CASE WHEN large.reason = '' THEN now() END, 0, false, '', 'automatic',
        CASE WHEN large.reason = '' THEN 'queued' ELSE 'draft' END, false,
        fit.code, fit.contract_number, fit.our_number, fit.amount, fit.fine, fit.interest,
        fit.due_date, fit.debtor, fit.co_debtor, fit.gate, large.reason, '', 0, '', '', '', '', NULL
    FROM fit
    CROSS JOIN LATERAL (
        SELECT CASE WHEN fit.amount > %(approval_amount)s::numeric
            THEN %(approval_reason)s ELSE '' END AS reason
    ) AS large
    ORDER BY fit.id
    ON CONFLICT (receivable_id, provider)
        WHERE status IN ($live) AND (replaces_id IS NULL OR NOT status = 'draft')
        DO NOTHING
    RETURNING id, status, amount
),
told AS (
    INSERT INTO restrictions_restrictionevent
        (restriction_id, status_before, status, source, bureau_version, text)
    SELECT listed.id, '', listed.status, 'routine', NULL, %(text)s FROM listed
)
SELECT count(*), count(*) FILTER (WHERE status = 'queued'), COALESCE(sum(amount), 0) FROM listed
