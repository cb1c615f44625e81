-- Question: how many licence records have each combination of flags in each hour or
-- day (UTC) of a period? There are 64 combinations at most, and few occur.
-- Index: ingest_event_licences. Cost: the period's records, read once.
SELECT
    date_trunc(%(unit)s, occurred_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS at,
    flags & %(red)s::int AS flags,
    count(*) AS records
FROM ingest_event
WHERE
    dialect = 'license'
    AND workspace_id = %(workspace)s
    AND occurred_at >= %(since)s
    AND occurred_at < %(until)s
    AND (%(product)s::bigint IS NULL OR product_id = %(product)s::bigint)
    AND (%(equal)s::jsonb = '{}' OR properties @> %(equal)s::jsonb)
GROUP BY 1, 2
ORDER BY 1, 2
