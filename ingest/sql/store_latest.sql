-- Question: what arrived last in a workspace?
-- Index: ingest_event_arrival (BRIN): only page ranges written since %(since)s are
-- read. Cost: the events of that time, of all workspaces; the caller starts with a
-- few minutes and widens.
SELECT
    id, occurred_at, received_at, identity_id, product_id, metric_id, count,
    value, flags, is_test, dialect, source, event_id, environment, session_id,
    user_agent, host(ip) AS ip, properties
FROM ingest_event
WHERE workspace_id = %(workspace)s AND received_at >= %(since)s
ORDER BY received_at DESC, id DESC
LIMIT %(most)s
