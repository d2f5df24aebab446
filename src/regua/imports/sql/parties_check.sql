-- Customers, leads and prospects: found by the other system's id, else by document.
CREATE UNLOGGED TABLE $clean WITH (autovacuum_enabled = off) AS
SELECT
    n.line, $columns, t.id AS target,
    nullif(array_remove($flaws || ARRAY[
        CASE WHEN n.birth_date > %(today)s::date OR n.birth_date < DATE '1900-01-01'
            THEN 'birth_date:implausible' END,
        CASE WHEN n.external_id IS NULL AND n.document_text IS NULL THEN 'line:unidentified' END,
        CASE WHEN x.id <> d.id THEN 'document:taken' END,
        CASE WHEN x.id IS NULL AND t.external_id <> n.external_id THEN 'external_id:other' END,
        $more
    ]::text[], NULL), '{}') AS troubles,
    CASE WHEN t.id IS NULL THEN 'create' WHEN $differs THEN 'update' ELSE 'same' END AS action
FROM $read AS n
LEFT JOIN $table AS x ON $has_external_id AND x.branch_id = %(branch)s AND x.external_id = n.external_id
LEFT JOIN ($by_document) AS d ON $has_document AND d.document = n.document
LEFT JOIN $table AS t ON t.id = COALESCE(x.id, d.id)
