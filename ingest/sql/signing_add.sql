-- Question: none; keeps a new key pair unless one is in use already (product 0: the
-- whole installation). Index: signing_key_in_use_once. Cost: one row.
INSERT INTO ingest_signingkey (
    workspace_id, product_id, kid, public_pem, sealed, created_at
)
SELECT
    (SELECT workspace_id FROM accounts_product WHERE id = %(product)s::bigint),
    nullif(%(product)s::bigint, 0),
    %(kid)s::text,
    %(public)s::text,
    %(sealed)s::text,
    now()
ON CONFLICT (product_id) WHERE retired_at IS NULL DO NOTHING
RETURNING id
