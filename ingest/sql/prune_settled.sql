-- Question: remove quarantined events that were settled long ago, some at a time.
-- Index: none; the table is read whole, once a night. Cost: that and the rows removed.
DELETE FROM ingest_quarantinedevent
WHERE ctid = ANY (
    ARRAY(
        SELECT ctid
        FROM ingest_quarantinedevent
        WHERE status <> 'waiting' AND settled_at < %(before)s
        LIMIT %(most)s
    )
)
