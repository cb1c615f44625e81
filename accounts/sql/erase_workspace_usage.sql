-- Question: none; takes a developer's uses out of the sums of their workspace. A sum
-- of which nothing is left goes.
-- Index: primary keys of both tables of usage. Cost: one probe and write per day,
-- metric and product that the developer used.
-- Rows with a use of nobody else are deleted: no use is a row that is not there.
WITH theirs AS (
    SELECT workspace_id, day, metric_id, product_id, count, value_sum
    FROM accounts_dailyusage
    WHERE developer_id = %(developer)s
),
gone AS (
    DELETE FROM accounts_workspaceusage AS w
    USING theirs AS t
    WHERE
        w.workspace_id = t.workspace_id
        AND w.day = t.day
        AND w.metric_id = t.metric_id
        AND w.product_id = t.product_id
        AND w.count <= t.count
)
UPDATE accounts_workspaceusage AS w
SET count = w.count - t.count, value_sum = w.value_sum - t.value_sum
FROM theirs AS t
WHERE
    w.workspace_id = t.workspace_id
    AND w.day = t.day
    AND w.metric_id = t.metric_id
    AND w.product_id = t.product_id
    AND w.count > t.count
