-- Question: add a batch to daily usage.
-- Index: primary key of daily usage. Cost: one probe and one write per developer, day,
-- metric and product of the batch. Sorted by that key, so that two digests that meet
-- the same developers wait for each other in one order.
INSERT INTO accounts_dailyusage AS u (
    workspace_id, developer_id, day, metric_id, product_id, count, value_sum
)
SELECT b.workspace, b.developer, b.day, b.metric, b.product, b.count, b.value
FROM unnest(
    %(workspaces)s::bigint[], %(developers)s::bigint[], %(days)s::date[],
    %(metrics)s::bigint[], %(products)s::bigint[], %(counts)s::bigint[],
    %(sums)s::float8[]
) AS b (workspace, developer, day, metric, product, count, value)
ON CONFLICT (developer_id, day, metric_id, product_id) DO UPDATE SET
    count = u.count + excluded.count,
    value_sum = u.value_sum + excluded.value_sum
