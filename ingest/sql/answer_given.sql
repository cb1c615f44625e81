-- What was answered to an earlier request under the same Idempotency-Key?
-- Index: ingest_idempotencykey_pkey. Cost: one row.
SELECT body_digest, status::bigint, answer
FROM ingest_idempotencykey
WHERE workspace_id = %(workspace_id)s::bigint AND digest = %(digest)s::uuid
