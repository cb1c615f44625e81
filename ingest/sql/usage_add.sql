-- Question: add a batch to daily usage.
-- Index: primary key of daily usage. Cost: one probe and one write per developer, day,
-- metric and product of the batch. Sorted by that key, so that two digests that meet
-- the same developers wait for each other in one order.
INSERT INTO accounts_dailyusage AS u (
    workspace_id, developer_id, day, metric_id, product_id, count, value_sum
)
SELECT workspace_id, developer_id, day, metric_id, product_id, count, value_sum
FROM digest_usage
ORDER BY developer_id, day, metric_id, product_id
ON CONFLICT (developer_id, day, metric_id, product_id) DO UPDATE SET
    count = u.count + excluded.count,
    value_sum = u.value_sum + excluded.value_sum
