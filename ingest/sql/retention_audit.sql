-- Question: none; lets go of a workspace's audit log from before a moment, some lines
-- at a time. Index: audit_newest. Cost: the workspace's log, and the lines removed.
DELETE FROM accounts_auditentry
WHERE ctid = ANY (
    ARRAY(
        SELECT ctid
        FROM accounts_auditentry
        WHERE workspace_id = %(workspace)s AND at < %(before)s
        LIMIT %(most)s
    )
)
