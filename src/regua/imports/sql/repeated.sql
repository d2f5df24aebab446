-- The same key in two lines: which of them would count is not ours to guess.
UPDATE $clean AS n SET troubles = array_append(n.troubles, '$field:repeated')
WHERE ($key) IN (
    SELECT $key FROM $clean AS n WHERE $known GROUP BY $key HAVING count(*) > 1
)
AND array_to_string(COALESCE(n.troubles, '{}'), ' ') NOT LIKE '%%:repeated%%'
