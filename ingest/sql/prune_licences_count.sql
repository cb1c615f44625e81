-- Question: how many licence records would go?
-- Index: ingest_event_licences. Cost: those records, read once.
SELECT count(*)
FROM ingest_event
WHERE
    dialect = 'license'
    AND workspace_id = %(workspace)s
    AND occurred_at < %(before)s
