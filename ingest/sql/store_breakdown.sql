-- Question: how often does each value of a property occur in a period?
-- Index: none fits; partitions outside the period are left out. Cost: one scan of the
-- period's months.
SELECT
    properties ->> %(name)s AS value,
    count(*) AS events,
    count(DISTINCT identity_id) AS identities
FROM ingest_event
WHERE
    workspace_id = %(workspace)s
    AND occurred_at >= %(since)s
    AND occurred_at < %(until)s
    AND (%(metric)s::bigint IS NULL OR metric_id = %(metric)s::bigint)
    AND (%(product)s::bigint IS NULL OR product_id = %(product)s::bigint)
    AND NOT is_test
GROUP BY 1
ORDER BY events DESC, value
LIMIT %(most)s
