-- Question: which workspaces keep an opt-out register, and which version is it?
-- Index: none; there are few workspaces. Cost: reading them, once a second and process.
SELECT id, opt_out_version::bigint
FROM accounts_workspace
WHERE opt_out_version > 0
