-- A payment that was here already learns what the other system calls it.
UPDATE receivables_payment AS t SET external_id = n.external_id
FROM $clean AS n
WHERE t.id = n.target AND n.action = 'update' AND n.troubles IS NULL AND t.external_id IS NULL
