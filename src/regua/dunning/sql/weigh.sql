-- What a run would do about each debt whose step is due, or every reason why it may not.
INSERT INTO dunning_weighed (id, customer_id, open_amount, step_id, reasons, note, cost)
WITH gated AS MATERIALIZED (
    SELECT r.id, $blocking AS blocking
    FROM $from_debt
    WHERE r.id IN (SELECT id FROM dunning_due WHERE action = 'list' AND note = '')
),
weighed AS (
    SELECT due.*, due.pausing
        || CASE WHEN due.action <> 'list' OR due.note <> '' THEN '{}'
            WHEN due.auto_list = 'no' THEN ARRAY['switch.step']
            ELSE %(switches)s::text[] || COALESCE(gated.blocking, '{}') END
        || CASE WHEN due.required AND due.note <> '' AND NOT EXISTS (
                SELECT FROM compliance_evidence AS proof
                JOIN receivables_receivable AS r ON r.contract_id = proof.contract_id
                WHERE r.id = due.id AND proof.kind = 'overdue_notice'
                    AND proof.withdrawn_at IS NULL AND proof.dated_on > r.due_date
                    AND COALESCE(proof.receivable_id, r.id) = r.id
            ) THEN ARRAY[due.note] ELSE '{}' END AS reasons
    FROM dunning_due AS due LEFT JOIN gated USING (id)
)
SELECT
    id, customer_id, open_amount, step_id, reasons, note,
    CASE
        WHEN note <> '' THEN 0
        WHEN action = 'list' THEN %(listing_price)s::numeric
        WHEN action = 'message' THEN COALESCE((%(message_prices)s::jsonb ->> channel)::numeric, 0)
        ELSE 0
    END
FROM weighed
