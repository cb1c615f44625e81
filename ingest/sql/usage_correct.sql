-- Question: make daily usage what the events add up to, where it differs.
-- Index: primary key of daily usage. Cost: one write per difference. Two commands:
-- rows that no event accounts for go, all others are set.
DELETE FROM accounts_dailyusage AS u
USING usage_difference AS d
WHERE
    d.counted IS NULL
    AND u.developer_id = d.developer_id
    AND u.day = d.day
    AND u.metric_id = d.metric_id
    AND u.product_id = d.product_id;
INSERT INTO accounts_dailyusage (
    workspace_id, developer_id, day, metric_id, product_id, count, value_sum
)
SELECT workspace_id, developer_id, day, metric_id, product_id, counted, counted_sum
FROM usage_difference
WHERE counted IS NOT NULL
ON CONFLICT (developer_id, day, metric_id, product_id) DO UPDATE SET
    count = excluded.count, value_sum = excluded.value_sum;
INSERT INTO accounts_toucheddeveloper (workspace_id, developer_id)
SELECT DISTINCT workspace_id, developer_id
FROM usage_difference
