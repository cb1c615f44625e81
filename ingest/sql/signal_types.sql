-- Question: which types of signals are the most frequent?
-- Index: ingest_event_signals. Cost: the workspace's signals of the period.
SELECT
    metric_id,
    count(*) AS signals,
    count(DISTINCT identity_id) AS users,
    coalesce(sum(value), 0)::float8 AS value_sum,
    count(value) AS measured
FROM ingest_event
WHERE
    dialect = 'telemetrydeck'
    AND workspace_id = %(workspace)s
    AND occurred_at >= %(since)s
    AND occurred_at < %(until)s
    AND is_test = %(is_test)s
    AND (%(product)s::bigint IS NULL OR product_id = %(product)s::bigint)
    AND (%(metric)s::bigint IS NULL OR metric_id = %(metric)s::bigint)
GROUP BY metric_id
ORDER BY signals DESC, metric_id
LIMIT %(most)s
