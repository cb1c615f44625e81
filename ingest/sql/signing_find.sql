-- Question: the signing key of this id, or (id 0) the one in use for the installation.
-- Index: primary key; signing_key_in_use_once. Cost: one row.
SELECT id, kid::text, sealed::text, product_id IS NOT NULL
FROM ingest_signingkey
WHERE
    id = %(id)s::bigint
    OR (%(id)s::bigint = 0 AND product_id IS NULL AND retired_at IS NULL)
