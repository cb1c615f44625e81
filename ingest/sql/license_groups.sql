-- Question: which data groups did the licence records of a period name, how many
-- records has each by type of data, and what do their single values come to?
-- Index: ingest_event_licences. Cost: the period's records, read once.
SELECT
    properties ->> 'data_group' AS data_group,
    properties ->> 'data_type' AS data_type,
    count(*) AS records,
    avg(value) AS average,
    min(value) AS lowest,
    max(value) AS highest
FROM ingest_event
WHERE
    dialect = 'license'
    AND workspace_id = %(workspace)s
    AND occurred_at >= %(since)s
    AND occurred_at < %(until)s
    AND (%(product)s::bigint IS NULL OR product_id = %(product)s::bigint)
    AND (
        %(is_flagged)s::boolean IS NULL
        OR ((flags & %(red)s::int) <> 0) = %(is_flagged)s::boolean
    )
    AND (%(equal)s::jsonb = '{}' OR properties @> %(equal)s::jsonb)
    AND properties ->> 'data_type' = ANY (%(types)s)
GROUP BY 1, 2
ORDER BY records DESC, 1, 2
LIMIT %(most)s
