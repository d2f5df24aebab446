-- The money that came since, as payments: the day it is available starts the deadline to remove.
INSERT INTO receivables_payment
    (receivable_id, amount, paid_on, available_on, recorded_by_id, recorded_at)
SELECT t.id, n.paid, n.paid_on, COALESCE(n.available_on, n.paid_on), %(actor)s, now()
FROM $clean AS n
JOIN receivables_receivable AS t
    ON t.branch_id = %(branch)s
    AND (t.id = n.target OR n.target IS NULL AND t.our_number = n.the_our_number)
WHERE n.paid > 0 AND n.troubles IS NULL
