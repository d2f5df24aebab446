-- Lock the debts that are to be listed, in one order for everybody; the next statement then sees
-- them as whoever held them before has left them.
SELECT r.id
FROM receivables_receivable AS r
WHERE r.id IN (SELECT id FROM $chosen)
ORDER BY r.id
FOR NO KEY UPDATE OF r
