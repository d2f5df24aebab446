SELECT
    'restriction_event_' || happened.id AS id, happened.id AS place,
    'restriction.changed' AS type, happened.at, listing.branch_id,
    jsonb_build_object(
        'restriction', listing.id, 'branch', listing.branch_id, 'customer', listing.customer_id,
        'receivable', listing.receivable_id, 'our_number', listing.our_number,
        'bureau', listing.provider, 'status_before', NULLIF(happened.status_before, ''),
        'status', happened.status, 'source', happened.source) AS data
FROM restrictions_restrictionevent AS happened
JOIN restrictions_restriction AS listing ON listing.id = happened.restriction_id
WHERE happened.id > %(after)s AND happened.id <= %(upto)s
    AND happened.status <> happened.status_before
