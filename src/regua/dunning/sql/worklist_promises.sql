-- What became of the promises for a period's days, by who heard them: kept is what came in by the
-- day, as much as was promised.
SELECT
    promise.actor_id, count(*) AS made, COALESCE(sum(promise.promised_amount), 0) AS amount,
    count(*) FILTER (WHERE paid.enough) AS kept,
    count(*) FILTER (WHERE NOT paid.enough AND promise.promised_on < %(today)s::date) AS broken
FROM dunning_dunningcontact AS promise
JOIN parties_customer AS c ON c.id = promise.customer_id
CROSS JOIN LATERAL (
    SELECT COALESCE(sum(payment.amount), 0) >= COALESCE(promise.promised_amount, 0.01) AS enough
    FROM receivables_receivable AS r
    JOIN receivables_payment AS payment ON payment.receivable_id = r.id
    WHERE r.customer_id = promise.customer_id AND payment.paid_on BETWEEN
        (promise.at AT TIME ZONE 'America/Sao_Paulo')::date AND promise.promised_on
) AS paid
WHERE promise.result = 'promise' AND promise.withdrawn_at IS NULL
    AND promise.promised_on BETWEEN %(since)s::date AND %(until)s::date
    AND c.branch_id = ANY(%(branches)s::bigint[])
GROUP BY promise.actor_id
