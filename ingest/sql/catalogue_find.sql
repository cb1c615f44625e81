-- Question: ids of the products and metrics that a batch names, and which of its
-- workspaces still exist (kind 'workspace')?
-- Index: product_key_once, metric_key_once. Cost: one probe per distinct name.
SELECT 'workspace', id, '', id FROM accounts_workspace WHERE id = ANY (%(known)s)
UNION ALL
SELECT 'product', p.workspace_id, p.key, p.id
FROM unnest(%(product_workspaces)s::bigint[], %(products)s::text[]) AS b (workspace, key)
JOIN accounts_product AS p ON p.workspace_id = b.workspace AND p.key = b.key
UNION ALL
SELECT 'metric', m.workspace_id, m.folded_key, m.id
FROM unnest(%(metric_workspaces)s::bigint[], %(metrics)s::text[]) AS b (workspace, key)
JOIN accounts_metric AS m ON m.workspace_id = b.workspace AND m.folded_key = b.key
