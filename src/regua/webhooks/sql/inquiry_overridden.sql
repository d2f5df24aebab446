SELECT
    'inquiry_override_' || override.id AS id, override.id AS place,
    'inquiry.decided' AS type, override.at, asked.branch_id,
    $data || jsonb_build_object(
        'outcome', override.outcome, 'decided_by', 'person', 'override', override.id) AS data
FROM inquiries_decisionoverride AS override
JOIN inquiries_inquiry AS asked ON asked.id = override.inquiry_id
WHERE override.id > %(after)s AND override.id <= %(upto)s
