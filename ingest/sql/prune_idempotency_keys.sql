-- Question: remove rows older than their window, a bounded number at a time.
-- Index: idempotency_by_age. Cost: the rows removed.
DELETE FROM ingest_idempotencykey
WHERE ctid = ANY (
    ARRAY(
        SELECT ctid FROM ingest_idempotencykey WHERE received_at < %(before)s LIMIT %(most)s
    )
)
