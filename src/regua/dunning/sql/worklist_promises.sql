-- What became of the promises of a period, by who heard them: kept is what came in by the day, as
-- much as was promised. Their days are at most so many after (`LONGEST_PROMISE`), for the index.
WITH promise AS MATERIALIZED (
    SELECT
        contact.id, contact.customer_id, contact.actor_id, contact.promised_on,
        contact.promised_amount, (contact.at AT TIME ZONE 'America/Sao_Paulo')::date AS heard_on
    FROM dunning_dunningcontact AS contact
    JOIN parties_customer AS c ON c.id = contact.customer_id
    WHERE contact.result = 'promise' AND contact.withdrawn_at IS NULL
        AND contact.promised_on BETWEEN %(since)s::date AND %(until)s::date + %(longest)s::int
        AND contact.at >= %(from)s::timestamptz AND contact.at < %(to)s::timestamptz
        AND c.branch_id = ANY(%(branches)s::bigint[])
),
paid AS (
    SELECT promise.id, sum(payment.amount) AS amount
    FROM promise
    JOIN receivables_receivable AS r ON r.customer_id = promise.customer_id
    JOIN receivables_payment AS payment ON payment.receivable_id = r.id
        AND payment.paid_on BETWEEN promise.heard_on AND promise.promised_on
    GROUP BY promise.id
),
judged AS (
    SELECT
        promise.*,
        COALESCE(paid.amount, 0) >= COALESCE(promise.promised_amount, 0.01) AS kept
    FROM promise LEFT JOIN paid ON paid.id = promise.id
)
SELECT
    actor_id, count(*) AS made, COALESCE(sum(promised_amount), 0) AS amount,
    count(*) FILTER (WHERE kept) AS kept,
    count(*) FILTER (WHERE NOT kept AND promised_on < %(today)s::date) AS broken
FROM judged GROUP BY actor_id
