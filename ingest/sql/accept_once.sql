-- Keeps one request that carries an Idempotency-Key, unless that key was seen before.
-- Answers: was the API key good, was the Idempotency-Key new.
-- Index: accounts_apikey_pkey, ingest_idempotencykey_pkey. Cost: two rows.
WITH valid AS MATERIALIZED (
    SELECT id, workspace_id
    FROM accounts_apikey
    WHERE id = %(key_id)s::bigint AND version = %(version)s::bigint
        AND revoked_at IS NULL
        AND (expires_at IS NULL OR expires_at > now())
),
noted AS (
    INSERT INTO ingest_idempotencykey
        (workspace_id, digest, body_digest, status, answer)
    SELECT
        workspace_id,
        %(digest)s::uuid,
        %(body_digest)s::uuid,
        %(status)s::bigint,
        %(answer)s::bytea
    FROM valid
    ON CONFLICT DO NOTHING
    RETURNING workspace_id
),
kept AS (
    INSERT INTO ingest_inboxentry
        (workspace_id, api_key_id, dialect, event_count, payload)
    SELECT
        valid.workspace_id,
        valid.id,
        %(dialect)s::text,
        %(event_count)s::bigint,
        %(payload)s::bytea
    FROM valid
    JOIN noted USING (workspace_id)
)
SELECT (SELECT count(*) FROM valid), (SELECT count(*) FROM noted)
