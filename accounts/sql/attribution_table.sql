-- Question: where is it weighed which company a batch of developers belongs to?
-- Index: none, it is read whole. Cost: one catalogue entry, gone with the transaction.
-- Dropped first, for a transaction that weighs twice.
DROP TABLE IF EXISTS pg_temp.pending_evidence;
CREATE TEMPORARY TABLE pending_evidence (
    developer_id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    rule text NOT NULL,
    confidence double precision NOT NULL,
    detail text NOT NULL,
    domain text NOT NULL,
    organisation text NOT NULL,
    name text NOT NULL,
    ip inet,
    place bigint NOT NULL,
    account_id bigint
) ON COMMIT DROP
