-- Question: put events that nobody had a place for into the inbox of their workspace.
-- Index: primary key of the inbox. Cost: one row; the caller deletes the entry it came
-- from, in the same transaction.
INSERT INTO ingest_inboxentry (
    workspace_id, api_key_id, dialect, received_at, event_count, payload, is_replay
)
SELECT
    %(workspace)s, e.api_key_id, e.dialect, e.received_at, %(events)s, %(payload)s,
    e.is_replay
FROM ingest_inboxentry AS e
WHERE e.id = %(id)s
