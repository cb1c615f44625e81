-- Adds to the hourly counters of refused requests. A key or workspace that is gone by
-- now does not take its count with it.
-- Index: ingest_counter_once. Cost: one row per distinct (key, dialect, hour, outcome).
INSERT INTO ingest_ingestcounter AS counter
    (workspace_id, api_key_id, dialect, hour, outcome, count)
SELECT workspace.id, api_key.id, item.dialect, item.hour, item.outcome, sum(item.count)
FROM unnest(
    %(workspace_ids)s::bigint[],
    %(key_ids)s::bigint[],
    %(dialects)s::text[],
    %(hours)s::timestamptz[],
    %(outcomes)s::text[],
    %(counts)s::bigint[]
) AS item (workspace_id, key_id, dialect, hour, outcome, count)
LEFT JOIN accounts_workspace AS workspace ON workspace.id = item.workspace_id
LEFT JOIN accounts_apikey AS api_key ON api_key.id = item.key_id
GROUP BY workspace.id, api_key.id, item.dialect, item.hour, item.outcome
ORDER BY workspace.id, api_key.id, item.dialect, item.hour, item.outcome
ON CONFLICT (workspace_id, api_key_id, dialect, hour, outcome)
DO UPDATE SET count = counter.count + excluded.count
