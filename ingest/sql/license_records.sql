-- Question: which licence records of a workspace fit a filter, newest first? Null and
-- {} filter nothing; %(red)s is the mask of the red flags.
-- Index: ingest_event_licences. Cost: walks the workspace's records from the newest
-- until a page is full; months outside the period are left out.
SELECT id, occurred_at, received_at, identity_id, product_id, flags, properties
FROM ingest_event
WHERE
    dialect = 'license'
    AND workspace_id = %(workspace)s
    AND occurred_at >= %(since)s
    AND occurred_at < %(until)s
    AND (occurred_at, id) < (%(before_at)s::timestamptz, %(before_id)s::bigint)
    AND (%(product)s::bigint IS NULL OR product_id = %(product)s::bigint)
    AND (
        %(is_flagged)s::boolean IS NULL
        OR ((flags & %(red)s::int) <> 0) = %(is_flagged)s::boolean
    )
    AND (%(equal)s::jsonb = '{}' OR properties @> %(equal)s::jsonb)
ORDER BY occurred_at DESC, id DESC
OFFSET %(skip)s
LIMIT %(most)s
