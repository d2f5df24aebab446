-- Write each of the events down for everybody who wants it, in their order.
$before
INSERT INTO webhooks_webhookdelivery (endpoint_id, event_id, type, payload)
SELECT
    endpoint.id, event.id, event.type,
    jsonb_build_object(
        'type', event.type,
        'timestamp', to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'data', event.data)
FROM ($events) AS event
JOIN webhooks_webhookendpoint AS endpoint
    ON endpoint.disabled_at IS NULL AND endpoint.events @> to_jsonb(event.type)
    AND (endpoint.branch_id IS NULL OR endpoint.branch_id = event.branch_id)
ORDER BY event.place, event.id
ON CONFLICT (endpoint_id, event_id) WHERE replays_id IS NULL DO NOTHING
