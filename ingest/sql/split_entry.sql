-- Question: put the events of one entry into two, each due at once.
-- Index: none needed. Cost: one row; the caller deletes the entry it came from.
INSERT INTO ingest_inboxentry (
    workspace_id, api_key_id, dialect, received_at, event_count, payload,
    tries, not_before, last_error, is_replay
)
SELECT
    e.workspace_id, e.api_key_id, e.dialect, e.received_at, %(events)s, %(payload)s,
    e.tries, clock_timestamp(), e.last_error, e.is_replay
FROM ingest_inboxentry AS e
WHERE e.id = %(id)s
