-- Which keys may stand in an authkey of this workspace? Newest first, those that may
-- be used from everywhere before the others. Nobody has more keys than this in use at
-- one time; the bound keeps a request's work bounded all the same.
-- Index: accounts_apikey.workspace_id. Cost: the keys of one workspace.
SELECT sealed
FROM accounts_apikey
WHERE
    workspace_id = %(workspace_id)s::bigint
    AND kind = 'ingest'
    AND revoked_at IS NULL
    AND (expires_at IS NULL OR expires_at > now())
    AND (cardinality(dialects) = 0 OR 'reamaze' = ANY(dialects))
ORDER BY cardinality(allowed_networks) > 0, id DESC
LIMIT 100
