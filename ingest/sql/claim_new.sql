-- Question: which entries have not been tried yet? Read through a cursor, oldest
-- first, until enough events are claimed; a row is locked when it is fetched.
-- Index: primary key of the inbox. Cost: one row read and locked per entry claimed.
DECLARE claimed NO SCROLL CURSOR FOR
SELECT
    id, coalesce(workspace_id, 0) AS workspace_id, api_key_id, dialect,
    (extract(epoch FROM received_at) * 1000000)::bigint AS received,
    event_count, payload, tries, is_replay
FROM ingest_inboxentry
WHERE tries = 0 AND (not_before IS NULL OR not_before <= now())
ORDER BY id
FOR UPDATE SKIP LOCKED
