-- Question: put waiting events back into the inbox, each with its own time, and mark
-- them replayed.
-- Index: quarantine_waiting, or the primary key for ids. Cost: one row read, written
-- and inserted per event. One statement, so an event is in exactly one of the two
-- places; a second replay at the same time waits for the rows and then finds them no
-- longer waiting.
WITH settled AS (
    UPDATE ingest_quarantinedevent
    SET status = 'replayed', settled_at = clock_timestamp()
    WHERE
        (
            workspace_id = %(workspace)s::bigint
            OR (%(workspace)s::bigint IS NULL AND workspace_id IS NULL)
        )
        AND status = 'waiting'
        AND (%(reason)s::text IS NULL OR reason = %(reason)s)
        AND (%(subject)s::text IS NULL OR subject = %(subject)s)
        AND (%(ids)s::bigint[] IS NULL OR id = ANY (%(ids)s))
    RETURNING id, workspace_id, api_key_id, dialect, received_at, payload
)
INSERT INTO ingest_inboxentry (
    workspace_id, api_key_id, dialect, received_at, event_count, payload, is_replay
)
SELECT workspace_id, api_key_id, dialect, received_at, 1, payload, true
FROM settled
ORDER BY id
