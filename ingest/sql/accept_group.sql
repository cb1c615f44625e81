-- Keeps several accepted requests in one commit, each only if its key is still good.
-- Answers with the places (from 1) of those that were kept.
-- Index: accounts_apikey_pkey. Cost: one index probe and one row per request.
WITH item AS (
    SELECT *
    FROM unnest(
        %(key_ids)s::bigint[],
        %(versions)s::bigint[],
        %(dialects)s::text[],
        %(event_counts)s::bigint[],
        %(payloads)s::bytea[]
    ) WITH ORDINALITY AS item (key_id, version, dialect, event_count, payload, place)
),
valid AS MATERIALIZED (
    SELECT item.*, api_key.workspace_id
    FROM item
    JOIN accounts_apikey AS api_key
        ON api_key.id = item.key_id AND api_key.version = item.version
    WHERE api_key.revoked_at IS NULL
        AND (api_key.expires_at IS NULL OR api_key.expires_at > now())
),
kept AS (
    INSERT INTO ingest_inboxentry
        (workspace_id, api_key_id, dialect, event_count, payload)
    SELECT workspace_id, key_id, dialect, event_count, payload
    FROM valid
)
SELECT place FROM valid
