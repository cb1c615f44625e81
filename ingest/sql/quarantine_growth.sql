-- Question: in which workspaces did the quarantine grow in this hour and the one
-- before, and by how many events?
-- Index: ingest_counter_recent. Cost: reads a week of hourly counters of quarantined
-- events, some hundred rows for each key.
SELECT workspace_id, sum(count) FILTER (WHERE hour >= %(recent)s)
FROM ingest_ingestcounter
WHERE hour >= %(week)s AND outcome = 'quarantined' AND workspace_id IS NOT NULL
GROUP BY workspace_id
HAVING
    sum(count) FILTER (WHERE hour >= %(recent)s) >= greatest(
        %(fewest)s,
        %(growth)s::float8 * 2
        * coalesce(sum(count) FILTER (WHERE hour < %(recent)s), 0)
        / %(hours)s::float8
    )
ORDER BY workspace_id
