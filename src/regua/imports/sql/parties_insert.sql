INSERT INTO $table (branch_id, $names, created_at, updated_at)
SELECT %(branch)s, $values, now(), now()
FROM $clean AS n WHERE n.action = 'create' AND n.troubles IS NULL
ORDER BY n.line
