-- An inquiry that ends, and what the policy said of it in the same moment.
SELECT
    'inquiry_' || asked.id AS id, asked.id AS place,
    'inquiry.completed' AS type, COALESCE(asked.answered_at, now()) AS at, asked.branch_id,
    $data || jsonb_build_object(
        'status', asked.status, 'product', asked.product_code,
        'protocol', NULLIF(asked.protocol, ''),
        'outcome', COALESCE(said.outcome, NULLIF(asked.outcome, ''))) AS data
FROM asked LEFT JOIN inquiries_decision AS said ON said.inquiry_id = asked.id
UNION ALL
SELECT
    'inquiry_decision_' || asked.id, asked.id, 'inquiry.decided', said.decided_at, asked.branch_id,
    $data || jsonb_build_object(
        'outcome', said.outcome, 'decided_by', 'policy', 'policy_version', policy.version,
        'rule', rule.position)
FROM asked
JOIN inquiries_decision AS said ON said.inquiry_id = asked.id
JOIN inquiries_creditpolicy AS policy ON policy.id = said.policy_id
LEFT JOIN inquiries_policyrule AS rule ON rule.id = said.rule_id
