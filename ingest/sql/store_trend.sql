-- Question: how many events on each UTC day of a period?
-- Index: none fits; partitions outside the period are left out. Cost: one scan of the
-- period's months. Daily usage answers the same without scanning, for whole uses.
SELECT
    (occurred_at AT TIME ZONE 'UTC')::date AS day,
    count(*) AS events,
    sum(count)::bigint AS count
FROM ingest_event
WHERE
    workspace_id = %(workspace)s
    AND occurred_at >= %(since)s
    AND occurred_at < %(until)s
    AND (%(metric)s::bigint IS NULL OR metric_id = %(metric)s::bigint)
    AND (%(product)s::bigint IS NULL OR product_id = %(product)s::bigint)
    AND NOT is_test
GROUP BY 1
ORDER BY 1
