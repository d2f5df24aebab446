UPDATE $table AS t SET $assignments, updated_at = now()
FROM $clean AS n WHERE t.id = n.target AND n.action = 'update' AND n.troubles IS NULL
