-- Question: none; lets go of a workspace's licence records from before a moment, the
-- oldest first. Index: ingest_event_licences. Cost: one statement never takes more
-- than %(most)s rows.
DELETE FROM ingest_event AS e
USING (
    SELECT tableoid, ctid
    FROM ingest_event
    WHERE
        dialect = 'license'
        AND workspace_id = %(workspace)s
        AND occurred_at < %(before)s
    LIMIT %(most)s
) AS old
WHERE e.tableoid = old.tableoid AND e.ctid = old.ctid
