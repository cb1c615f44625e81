-- Question: which of these keys stand in the ledger already?
-- Index: primary key of the ledger. Cost: one index probe per key of the batch.
SELECT ledger.workspace_id, replace(ledger.key::text, '-', '')
FROM unnest(%(workspaces)s::bigint[], %(keys)s::uuid[]) AS batch (workspace_id, key)
JOIN ingest_eventkey AS ledger
    ON ledger.workspace_id = batch.workspace_id AND ledger.key = batch.key
