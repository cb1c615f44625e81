-- What may a key be used for? Revoked and expired ones too: a sender's refusal is
-- counted by its reason.
-- Index: the unique one of accounts_apikey.digest. Cost: one or two rows.
SELECT
    api_key.id,
    api_key.version::bigint,
    api_key.workspace_id,
    api_key.kind::text,
    array_to_string(api_key.dialects, ','),
    product.key::text,
    array_to_string(api_key.allowed_networks, ','),
    extract(epoch FROM api_key.expires_at)::float8,
    api_key.revoked_at IS NOT NULL,
    api_key.sdk_signature,
    array_to_string(api_key.scopes, ',')
FROM accounts_apikey AS api_key
LEFT JOIN accounts_product AS product ON product.id = api_key.product_id
WHERE api_key.digest = %(digest)s::bytea
