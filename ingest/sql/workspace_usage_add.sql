-- Question: add a batch to the daily usage of workspaces.
-- Index: primary key of workspace usage. Cost: one write per day, metric and product.
-- Every digest of a workspace writes the same few rows: this comes late in the
-- transaction, and sorted.
INSERT INTO accounts_workspaceusage AS u (
    workspace_id, day, metric_id, product_id, count, value_sum
)
SELECT b.workspace, b.day, b.metric, b.product, b.count, b.value
FROM unnest(
    %(workspaces)s::bigint[], %(days)s::date[], %(metrics)s::bigint[],
    %(products)s::bigint[], %(counts)s::bigint[], %(sums)s::float8[]
) AS b (workspace, day, metric, product, count, value)
ON CONFLICT (workspace_id, day, metric_id, product_id) DO UPDATE SET
    count = u.count + excluded.count,
    value_sum = u.value_sum + excluded.value_sum
