-- Question: none; adds the daily usage of merged developers to those who stay.
-- Index: primary key of daily usage (developer first).
-- Cost: one write per developer, day, metric and product that moves.
WITH gone AS (
    DELETE FROM accounts_dailyusage AS u
    USING unnest(%(keeps)s::bigint[], %(others)s::bigint[]) AS pair (keep, other)
    WHERE u.developer_id = pair.other
    RETURNING
        u.workspace_id, pair.keep, u.day, u.metric_id, u.product_id, u.count, u.value_sum
)
INSERT INTO accounts_dailyusage AS u (
    workspace_id, developer_id, day, metric_id, product_id, count, value_sum
)
SELECT
    workspace_id, keep, day, metric_id, product_id, sum(count), sum(value_sum)
FROM gone
GROUP BY workspace_id, keep, day, metric_id, product_id
ORDER BY keep, day, metric_id, product_id
ON CONFLICT (developer_id, day, metric_id, product_id) DO UPDATE SET
    count = u.count + excluded.count,
    value_sum = u.value_sum + excluded.value_sum
