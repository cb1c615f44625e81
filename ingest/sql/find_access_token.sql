-- What is an access token good for? Expired and revoked ones too: a sender's refusal
-- is counted by its reason. The columns are those of find_key.sql, of its client.
-- Index: the unique one of accounts_accesstoken.digest. Cost: one to three rows.
SELECT
    client.id,
    client.version::bigint,
    client.workspace_id,
    client.kind::text,
    array_to_string(client.dialects, ','),
    product.key::text,
    array_to_string(client.allowed_networks, ','),
    extract(epoch FROM least(token.expires_at, client.expires_at))::float8,
    token.revoked_at IS NOT NULL OR client.revoked_at IS NOT NULL,
    client.sdk_signature,
    array_to_string(token.scopes, ',')
FROM accounts_accesstoken AS token
INNER JOIN accounts_apikey AS client ON client.id = token.client_id
LEFT JOIN accounts_product AS product ON product.id = client.product_id
WHERE token.digest = %(digest)s::bytea
