-- The events that changed a status. One that brings news alone may leave out the status before it,
-- as the first of all does: then the event before it tells.
SELECT
    'restriction_event_' || happened.id AS id, happened.id AS place,
    'restriction.changed' AS type, happened.at, listing.branch_id,
    jsonb_build_object(
        'restriction', listing.id, 'branch', listing.branch_id, 'customer', listing.customer_id,
        'receivable', listing.receivable_id, 'our_number', listing.our_number,
        'bureau', listing.provider, 'status_before', before.status,
        'status', happened.status, 'source', happened.source) AS data
FROM restrictions_restrictionevent AS happened
JOIN restrictions_restriction AS listing ON listing.id = happened.restriction_id
CROSS JOIN LATERAL (
    SELECT COALESCE(NULLIF(happened.status_before, ''), (
        SELECT earlier.status FROM restrictions_restrictionevent AS earlier
        WHERE earlier.restriction_id = happened.restriction_id AND earlier.id < happened.id
        ORDER BY earlier.at DESC, earlier.id DESC LIMIT 1
    )) AS status
) AS before
WHERE happened.id > %(after)s AND happened.id <= %(upto)s
    AND happened.status IS DISTINCT FROM before.status
