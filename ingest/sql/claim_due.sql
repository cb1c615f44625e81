-- Question: one entry that failed before and is due again.
-- Index: inbox_to_try_again. Cost: the rows that others hold, and one.
SELECT
    id, coalesce(workspace_id, 0) AS workspace_id, api_key_id, dialect,
    (extract(epoch FROM received_at) * 1000000)::bigint AS received,
    event_count, payload, tries, is_replay
FROM ingest_inboxentry
WHERE tries > 0 AND not_before <= clock_timestamp()
ORDER BY not_before, id
LIMIT 1
FOR UPDATE SKIP LOCKED
