-- Question: what do a workspace's own tables say of these licence records? One row a
-- record: does the product exist at all, and did an admin say so; the version; the
-- licence, and is it revoked; the activation; and the product's own signing key.
-- A licence for another product does not count as existing.
-- Index: product_key_once, product_version_once, license_key_once, activation_once,
-- signing_key_in_use_once. Cost: at most five probes a record.
SELECT
    product.id IS NOT NULL,
    coalesce(NOT product.is_discovered, false),
    version.id IS NOT NULL,
    coalesce(
        license.product_id IS NULL
        OR product.id IS NULL
        OR license.product_id = product.id,
        false
    ) AND license.id IS NOT NULL,
    license.revoked_at IS NOT NULL,
    activation.id IS NOT NULL,
    signing.id
FROM unnest(
    %(products)s::text[],
    %(licenses)s::text[],
    %(versions)s::text[],
    %(activations)s::text[]
) WITH ORDINALITY AS asked (product, license, version, activation, place)
LEFT JOIN accounts_product AS product
    ON product.workspace_id = %(workspace_id)s::bigint AND product.key = asked.product
LEFT JOIN accounts_productversion AS version
    ON version.product_id = product.id AND version.version = asked.version
LEFT JOIN accounts_license AS license
    ON license.workspace_id = %(workspace_id)s::bigint AND license.key = asked.license
LEFT JOIN accounts_activation AS activation
    ON activation.license_id = license.id AND activation.identifier = asked.activation
LEFT JOIN ingest_signingkey AS signing
    ON signing.product_id = product.id AND signing.retired_at IS NULL
ORDER BY asked.place
