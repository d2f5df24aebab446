-- What is wrong, a row per problem, beside the text of the cell that it is about.
INSERT INTO imports_importproblem (batch_id, line, field, value, code)
SELECT
    %(batch)s, n.line, split_part(trouble, ':', 1), left(COALESCE(cell.text, ''), 200),
    split_part(trouble, ':', 2)
FROM $clean AS n
CROSS JOIN LATERAL unnest(n.troubles) AS trouble
JOIN $raw AS s ON s.line = n.line
LEFT JOIN LATERAL (
    SELECT cells.text FROM $texts AS cells (name, text)
    WHERE cells.name = split_part(trouble, ':', 1)
) AS cell ON true
WHERE n.troubles IS NOT NULL
ORDER BY n.line
