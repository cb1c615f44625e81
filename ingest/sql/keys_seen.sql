-- Question: which of these keys stand in the ledger already?
-- Index: primary key of the ledger. Cost: one index probe per key of the batch. LIMIT
-- keeps it that way: as a plain join the planner reads the whole ledger to hash it.
SELECT batch.workspace_id, replace(batch.key::text, '-', '')
FROM unnest(%(workspaces)s::bigint[], %(keys)s::uuid[]) AS batch (workspace_id, key)
CROSS JOIN LATERAL (
    SELECT 1
    FROM ingest_eventkey AS ledger
    WHERE ledger.workspace_id = batch.workspace_id AND ledger.key = batch.key
    LIMIT 1
) AS seen
