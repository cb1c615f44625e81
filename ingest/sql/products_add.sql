-- Question: register products that events name and nobody has set up.
-- Index: product_key_once. Cost: one probe and insert per unseen product. Sorted, so
-- that two digests with the same new products do not wait for each other in a ring.
INSERT INTO accounts_product (workspace_id, key, name, is_discovered, created_at)
SELECT b.workspace, b.key, b.key, true, now()
FROM unnest(%(workspaces)s::bigint[], %(keys)s::text[]) AS b (workspace, key)
ORDER BY b.workspace, b.key
ON CONFLICT (workspace_id, key) DO NOTHING
