-- Question: which payload keys do the latest signals carry?
-- Index: ingest_event_signals, read backwards. Cost: 2,000 signals.
WITH latest AS (
    SELECT properties
    FROM ingest_event
    WHERE
        dialect = 'telemetrydeck'
        AND workspace_id = %(workspace)s
        AND occurred_at >= %(since)s
        AND occurred_at < %(until)s
        AND is_test = %(is_test)s
        AND (%(product)s::bigint IS NULL OR product_id = %(product)s::bigint)
        AND (%(metric)s::bigint IS NULL OR metric_id = %(metric)s::bigint)
    ORDER BY occurred_at DESC
    LIMIT 2000
)
SELECT key, count(*) AS signals
FROM latest, jsonb_object_keys(latest.properties) AS key
GROUP BY key
ORDER BY signals DESC, key
LIMIT %(most)s
