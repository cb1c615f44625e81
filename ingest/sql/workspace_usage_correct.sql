-- Question: make a workspace's usage the sum of its developers', where it differs.
-- Index: primary key of workspace usage. Cost: one write per difference.
DELETE FROM accounts_workspaceusage AS u
USING workspace_usage_difference AS d
WHERE
    d.counted IS NULL
    AND u.workspace_id = d.workspace_id
    AND u.day = d.day
    AND u.metric_id = d.metric_id
    AND u.product_id = d.product_id;
INSERT INTO accounts_workspaceusage (
    workspace_id, day, metric_id, product_id, count, value_sum
)
SELECT workspace_id, day, metric_id, product_id, counted, counted_sum
FROM workspace_usage_difference
WHERE counted IS NOT NULL
ON CONFLICT (workspace_id, day, metric_id, product_id) DO UPDATE SET
    count = excluded.count, value_sum = excluded.value_sum
