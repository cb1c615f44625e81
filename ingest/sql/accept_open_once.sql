-- As accept_open for one request that carries an Idempotency-Key, unless that key was
-- seen before. Answers: was it new.
-- Index: ingest_idempotencykey_pkey. Cost: one row, and one per workspace.
WITH noted AS (
    INSERT INTO ingest_idempotencykey
        (workspace_id, digest, body_digest, status, answer)
    VALUES (
        %(workspace_id)s::bigint,
        %(digest)s::uuid,
        %(body_digest)s::uuid,
        %(status)s::bigint,
        %(answer)s::bytea
    )
    ON CONFLICT DO NOTHING
    RETURNING workspace_id
),
kept AS (
    INSERT INTO ingest_inboxentry (workspace_id, dialect, event_count, payload)
    SELECT nullif(item.workspace_id, 0), item.dialect, item.event_count, item.payload
    FROM unnest(
        %(workspace_ids)s::bigint[],
        %(dialects)s::text[],
        %(event_counts)s::bigint[],
        %(payloads)s::bytea[]
    ) AS item (workspace_id, dialect, event_count, payload)
    WHERE EXISTS (SELECT FROM noted)
)
SELECT count(*) FROM noted
