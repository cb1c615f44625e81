-- Gives a client a token, only if the client is still good. Answers with its id.
-- Index: accounts_apikey_pkey. Cost: one index probe and one row.
INSERT INTO accounts_accesstoken
    (workspace_id, client_id, digest, prefix, scopes, expires_at, created_at)
SELECT
    client.workspace_id,
    client.id,
    %(digest)s::bytea,
    %(prefix)s::text,
    string_to_array(%(scopes)s::text, ','),
    now() + %(seconds)s::bigint * interval '1 second',
    now()
FROM accounts_apikey AS client
WHERE
    client.id = %(key_id)s::bigint
    AND client.version = %(version)s::bigint
    AND client.revoked_at IS NULL
    AND (client.expires_at IS NULL OR client.expires_at > now())
RETURNING id
