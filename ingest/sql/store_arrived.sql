-- Question: which events arrived within a stretch of time, the earliest first, a page
-- at a time?
-- Index: ingest_event_arrival (BRIN): only page ranges written in that time are read.
-- Whose they are is a join, however many identities an account has.
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
        NOT %(of_somebody)s
        OR identity_id IN (
            SELECT i.id
            FROM accounts_identity AS i
            JOIN accounts_developer AS d ON d.id = i.developer_id
            WHERE
                i.workspace_id = %(workspace)s
                AND (%(identity)s::bigint IS NULL OR i.id = %(identity)s::bigint)
                AND (%(developer)s::bigint IS NULL OR d.id = %(developer)s::bigint)
                AND (%(account)s::bigint IS NULL OR d.account_id = %(account)s::bigint)
        )
    )
ORDER BY received_at, id
LIMIT %(most)s
