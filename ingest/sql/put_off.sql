-- Question: leave the entries of these workspaces to a later digest.
-- Index: primary key of the inbox. Cost: one write per entry put off, only while
-- somebody is alone on a workspace's usage.
UPDATE ingest_inboxentry
SET not_before = clock_timestamp() + %(delay)s::interval
WHERE id = ANY (%(ids)s)
