SELECT
    'removal_duty_' || duty.id AS id, duty.id AS place,
    'restriction.removal_due' AS type, duty.opened_at AS at, duty.branch_id, $data AS data
FROM restrictions_removalduty AS duty
JOIN restrictions_restriction AS listing ON listing.id = duty.restriction_id
WHERE duty.id > %(after)s AND duty.id <= %(upto)s
