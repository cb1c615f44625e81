-- Question: none; lets go of a workspace's quarantined events from before a moment,
-- some at a time, those that still wait included.
-- Index: none by age; the table is read. Cost: that, and the rows removed.
DELETE FROM ingest_quarantinedevent
WHERE ctid = ANY (
    ARRAY(
        SELECT ctid
        FROM ingest_quarantinedevent
        WHERE workspace_id = %(workspace)s AND received_at < %(before)s
        LIMIT %(most)s
    )
)
