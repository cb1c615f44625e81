-- Question: enter these keys into the ledger; which of them are new?
-- Index: primary key of the ledger. Cost: one probe and one insert per key. Waits for
-- a transaction that is entering one of them; the keys come sorted, so no two digests
-- wait for each other.
INSERT INTO ingest_eventkey (workspace_id, key, seen_on)
SELECT
    batch.workspace_id,
    batch.key,
    CASE
        WHEN batch.key = ANY(%(lasting)s::uuid[]) THEN %(never_pruned)s
        ELSE (now() AT TIME ZONE 'UTC')::date
    END
FROM unnest(%(workspaces)s::bigint[], %(keys)s::uuid[]) AS batch (workspace_id, key)
ON CONFLICT DO NOTHING
RETURNING workspace_id, replace(key::text, '-', '')
