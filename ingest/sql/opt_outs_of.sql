-- Question: who opted out of a workspace? All digests behind each other, 16 bytes each.
-- Index: opt_out_once. Cost: the register of the workspace, when it has changed.
SELECT coalesce(string_agg(uuid_send(digest), ''::bytea), ''::bytea)
FROM accounts_optout
WHERE workspace_id = %(workspace_id)s::bigint
