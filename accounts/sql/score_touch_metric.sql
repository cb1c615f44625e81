-- Question: none; queues everybody for scoring who has used a metric.
-- Index: usage_by_day, for the workspace. Cost: linear in the workspace's usage.
INSERT INTO accounts_toucheddeveloper (workspace_id, developer_id)
SELECT DISTINCT usage.workspace_id, usage.developer_id
FROM accounts_dailyusage AS usage
WHERE
    usage.workspace_id = %(workspace)s::bigint
    AND usage.metric_id = %(metric)s::bigint
