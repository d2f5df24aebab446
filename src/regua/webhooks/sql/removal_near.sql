SELECT
    'removal_near_' || duty.id AS id, duty.id AS place,
    'restriction.removal_deadline_near' AS type, now() AS at, duty.branch_id, $data AS data
FROM duty JOIN restrictions_restriction AS listing ON listing.id = duty.restriction_id
