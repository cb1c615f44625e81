-- Puts entries without a request behind them (imports, demo data) into the inbox.
-- Index: none is read. Cost: one row per entry.
INSERT INTO ingest_inboxentry
    (workspace_id, api_key_id, dialect, received_at, event_count, payload)
SELECT
    %(workspace_id)s,
    %(api_key_id)s,
    %(dialect)s,
    coalesce(%(received_at)s::timestamptz, now()),
    event_count,
    payload
FROM unnest(%(event_counts)s::bigint[], %(payloads)s::bytea[])
    AS entry (event_count, payload)
