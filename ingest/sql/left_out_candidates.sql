-- Question: which workspaces of a batch have people who opted out, or who were erased
-- after the oldest of its requests arrived?
-- Index: accounts_workspace_pkey, erasure_newest. Cost: a probe or two per workspace.
SELECT id
FROM accounts_workspace AS workspace
WHERE
    id = ANY (%(workspaces)s::bigint[])
    AND (
        opt_out_version > 0
        OR EXISTS (
            SELECT FROM accounts_erasure
            WHERE workspace_id = workspace.id AND at >= %(oldest)s
        )
    )
