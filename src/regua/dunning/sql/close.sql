-- What became of debts that are no longer owed (RCA, CCA, RCB), and whose listing the routine is
-- taking off (RN). A debt stays open here while its listing lives.
WITH ended AS MATERIALIZED (
    SELECT standing.receivable_id, standing.stage AS before, now_at.stage, now_at.listed AS open
    FROM dunning_dunningstanding AS standing
    JOIN receivables_receivable AS r ON r.id = standing.receivable_id
        AND (r.renegotiated OR r.status NOT IN ('open', 'partial'))
    CROSS JOIN LATERAL (
        SELECT
            CASE
                WHEN COALESCE(bool_or(
                    listing.removal_form = 'automatic'
                    AND listing.status IN ('removal_queued', 'removal_sent', 'removed')
                ), false) THEN 'RN'
                WHEN r.renegotiated THEN 'RCB'
                WHEN r.status = 'received' THEN 'RCA'
                ELSE 'CCA'
            END AS stage,
            COALESCE(bool_or(listing.status IN ($live)), false) AS listed
        FROM restrictions_restriction AS listing
        WHERE listing.receivable_id = r.id
    ) AS now_at
    WHERE standing.branch_id = %(branch)s AND standing.open
        AND (standing.stage, true) IS DISTINCT FROM (now_at.stage, now_at.listed)
    LIMIT %(size)s
),
entries AS (
    INSERT INTO dunning_dunningentry (receivable_id, run_id, step_id, stage, "on", note)
    SELECT receivable_id, %(run)s, NULL, stage, %(today)s, ''
    FROM ended WHERE stage <> before
)
UPDATE dunning_dunningstanding AS standing SET stage = ended.stage, open = ended.open
FROM ended WHERE standing.receivable_id = ended.receivable_id
