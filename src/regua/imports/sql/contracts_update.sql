-- Only where the dates are still those that ``contracts_dates`` wrote down as the ones before.
UPDATE receivables_contract AS t SET $assignments
FROM $clean AS n
WHERE t.id = n.target AND n.action = 'update' AND n.troubles IS NULL
    AND (t.suspended_on, t.ended_on) IS NOT DISTINCT FROM (n.suspended_before, n.ended_before)
