-- Question: the latest events of these identities, a page at a time.
-- Index: ingest_event_timeline (workspace, identity, occurred_at DESC), once per
-- identity and partition, merged; cost: identities × partitions probes plus one page
-- per identity.
SELECT e.*
FROM unnest(%(identities)s::bigint[]) AS who (id)
CROSS JOIN LATERAL (
    SELECT
        id, occurred_at, received_at, identity_id, product_id, metric_id, count,
        value, flags, is_test, dialect, source, event_id, environment, session_id,
        user_agent, host(ip) AS ip, properties
    FROM ingest_event
    WHERE
        workspace_id = %(workspace)s
        AND identity_id = who.id
        AND occurred_at <= %(before_at)s::timestamptz
        AND (occurred_at, id) < (%(before_at)s::timestamptz, %(before_id)s::bigint)
        AND (%(since)s::timestamptz IS NULL OR occurred_at >= %(since)s::timestamptz)
        AND (%(product)s::bigint IS NULL OR product_id = %(product)s::bigint)
        AND (%(metric)s::bigint IS NULL OR metric_id = %(metric)s::bigint)
        AND (%(test)s::boolean IS NULL OR is_test = %(test)s::boolean)
    ORDER BY occurred_at DESC, id DESC
    LIMIT %(most)s
) AS e
ORDER BY e.occurred_at DESC, e.id DESC
LIMIT %(most)s
