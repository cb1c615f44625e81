-- Question: add a batch to the ingestion counters.
-- Index: ingest_counter_once. Cost: one write per key, hour, dialect and outcome; all
-- digests of a key write the same rows, so this comes last, and sorted.
INSERT INTO ingest_ingestcounter AS c (
    workspace_id, api_key_id, dialect, hour, outcome, count
)
SELECT b.workspace, b.api_key, b.dialect, to_timestamp(b.hour), b.outcome, b.count
FROM unnest(
    %(workspaces)s::bigint[], %(api_keys)s::bigint[], %(dialects)s::text[],
    %(hours)s::float8[], %(outcomes)s::text[], %(counts)s::bigint[]
) AS b (workspace, api_key, dialect, hour, outcome, count)
ON CONFLICT (workspace_id, api_key_id, dialect, hour, outcome) DO UPDATE SET
    count = c.count + excluded.count
