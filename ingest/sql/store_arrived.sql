-- Question: which events arrived within a stretch of time, the earliest first, a page
-- at a time?
-- Index: ingest_event_arrival (BRIN): only page ranges written in that time are read.
-- Cost: the events of the stretch, of all workspaces; the caller starts with minutes
-- and widens.
SELECT
    id, occurred_at, received_at, identity_id, product_id, metric_id, count,
    value, flags, is_test, dialect, source, event_id, environment, session_id,
    user_agent, host(ip) AS ip, properties
FROM ingest_event
WHERE
    workspace_id = %(workspace)s
    AND received_at >= %(after_at)s::timestamptz
    AND received_at < %(until)s::timestamptz
    AND (received_at, id) > (%(after_at)s::timestamptz, %(after_id)s::bigint)
    AND (%(product)s::bigint IS NULL OR product_id = %(product)s::bigint)
    AND (%(metric)s::bigint IS NULL OR metric_id = %(metric)s::bigint)
    AND (%(test)s::boolean IS NULL OR is_test = %(test)s::boolean)
    AND (
        %(identities)s::bigint[] IS NULL
        OR identity_id = ANY(%(identities)s::bigint[])
    )
ORDER BY received_at, id
LIMIT %(most)s
