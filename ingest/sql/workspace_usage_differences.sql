-- Question: where does a workspace's daily usage differ from the sum of its
-- developers'? Index: the workspace's part of both tables is read whole, in one
-- snapshot as in usage_differences.
WITH counted AS (
    SELECT
        workspace_id, day, metric_id, product_id,
        sum(count)::bigint AS count, sum(value_sum) AS value_sum
    FROM accounts_dailyusage
    WHERE workspace_id = %(workspace)s
    GROUP BY workspace_id, day, metric_id, product_id
),
kept AS (
    SELECT workspace_id, day, metric_id, product_id, count, value_sum
    FROM accounts_workspaceusage
    WHERE workspace_id = %(workspace)s
)
SELECT
    workspace_id,
    NULL::bigint AS developer_id,
    day,
    metric_id,
    product_id,
    counted.count AS counted,
    counted.value_sum AS counted_sum,
    kept.count AS kept,
    kept.value_sum AS kept_sum
FROM counted
FULL JOIN kept USING (workspace_id, day, metric_id, product_id)
WHERE
    counted.count IS DISTINCT FROM kept.count
    OR abs(counted.value_sum - kept.value_sum)
    > 1e-6::float8 * greatest(1, abs(counted.value_sum), abs(kept.value_sum))
