-- Question: add a batch to the daily usage of workspaces.
-- Index: primary key of workspace usage. Cost: one write per day, metric and product.
-- Every digest of a workspace writes the same few rows: this comes late in the
-- transaction, and sorted.
INSERT INTO accounts_workspaceusage AS u (
    workspace_id, day, metric_id, product_id, count, value_sum
)
SELECT workspace_id, day, metric_id, product_id, sum(count), sum(value_sum)
FROM digest_usage
GROUP BY workspace_id, day, metric_id, product_id
ORDER BY workspace_id, day, metric_id, product_id
ON CONFLICT (workspace_id, day, metric_id, product_id) DO UPDATE SET
    count = u.count + excluded.count,
    value_sum = u.value_sum + excluded.value_sum
