-- Question: remove signals of apps that no workspace has, some at a time. Settled ones
-- go like those of workspaces. Index: quarantine_waiting, where they lie together.
-- Cost: reading the unowned ones, and the rows removed.
DELETE FROM ingest_quarantinedevent
WHERE ctid = ANY (
    ARRAY(
        SELECT ctid
        FROM ingest_quarantinedevent
        WHERE
            workspace_id IS NULL
            AND status = 'waiting'
            AND received_at < %(before)s
        LIMIT %(most)s
    )
)
