-- Question: the entries of these ids, unless somebody else holds them.
-- Index: primary key of the inbox. Cost: one row read and locked per id.
SELECT
    id, coalesce(workspace_id, 0) AS workspace_id, api_key_id, dialect,
    (extract(epoch FROM received_at) * 1000000)::bigint AS received,
    event_count, payload, tries, is_replay
FROM ingest_inboxentry
WHERE id = ANY (%(ids)s)
ORDER BY id
FOR UPDATE SKIP LOCKED
