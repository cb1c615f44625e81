-- Question: how many quarantined events of a workspace arrived before a moment, and
-- when the first? Index: none by age. Cost: the table, read once.
SELECT count(*), min(received_at)
FROM ingest_quarantinedevent
WHERE workspace_id = %(workspace)s AND received_at < %(before)s
