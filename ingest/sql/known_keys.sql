-- Which of these ledger keys have been digested already?
-- Index: ingest_eventkey_pkey. Cost: one index probe per key.
SELECT key
FROM ingest_eventkey
WHERE workspace_id = %(workspace_id)s::bigint AND key = ANY(%(keys)s::uuid[])
