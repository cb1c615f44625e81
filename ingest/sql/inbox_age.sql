-- How many seconds has the oldest entry of the inbox been waiting? Nothing: NULL.
-- Index: ingest_inboxentry_pkey, from its start. Cost: one row.
SELECT (
    SELECT extract(epoch FROM greatest(now() - received_at, interval '0'))::float8
    FROM ingest_inboxentry
    ORDER BY id
    LIMIT 1
)
