-- Question: whose score has become stale? Index: none needed. Cost: one insert per
-- developer of the batch.
INSERT INTO accounts_toucheddeveloper (workspace_id, developer_id)
SELECT DISTINCT workspace_id, developer_id
FROM digest_usage
