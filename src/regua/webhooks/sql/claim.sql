-- Take what is due: of each endpoint at most as much as may be under way at once, one alone while
-- it fails.
WITH room AS (
    SELECT
        endpoint.id, endpoint.url, endpoint.secret_sealed,
        CASE WHEN endpoint.previous_until > statement_timestamp() THEN endpoint.previous_sealed ELSE '' END
            AS previous_sealed,
        CASE WHEN endpoint.failures = 0 THEN %(lanes)s::int ELSE 1 END - COALESCE(busy.count, 0)
            AS free
    FROM webhooks_webhookendpoint AS endpoint
    LEFT JOIN unnest(%(endpoints)s::bigint[], %(counts)s::int[]) AS busy (id, count)
        ON busy.id = endpoint.id
    WHERE endpoint.disabled_at IS NULL
        AND (endpoint.hold_until IS NULL OR endpoint.hold_until <= statement_timestamp())
),
due AS (
    SELECT next.id, room.url, room.secret_sealed, room.previous_sealed
    FROM room
    CROSS JOIN LATERAL (
        SELECT row.id FROM webhooks_webhookdelivery AS row
        WHERE row.endpoint_id = room.id AND row.due_at <= statement_timestamp()
        ORDER BY row.due_at, row.id LIMIT GREATEST(room.free, 0) FOR UPDATE SKIP LOCKED
    ) AS next
)
UPDATE webhooks_webhookdelivery AS row
SET due_at = statement_timestamp() + make_interval(secs => %(lease)s), attempts = row.attempts + 1,
    attempted_at = statement_timestamp()
FROM due WHERE row.id = due.id
RETURNING $lazily, row.id, row.endpoint_id, row.attempts, row.event_id, row.payload,
    due.url, due.secret_sealed, due.previous_sealed
