-- Question: how many lines of a workspace's audit log are from before a moment, and
-- since when? Index: audit_newest. Cost: the workspace's log.
SELECT count(*), min(at)
FROM accounts_auditentry
WHERE workspace_id = %(workspace)s AND at < %(before)s
