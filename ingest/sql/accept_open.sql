-- Keeps requests that no API key stands behind in one commit, a row for each workspace
-- that they are for; 0 stands for none, where nobody has the app that sent it.
-- Index: none is read. Cost: one row per request and workspace.
INSERT INTO ingest_inboxentry (workspace_id, dialect, event_count, payload)
SELECT nullif(workspace_id, 0), dialect, event_count, payload
FROM unnest(
    %(workspace_ids)s::bigint[],
    %(dialects)s::text[],
    %(event_counts)s::bigint[],
    %(payloads)s::bytea[]
) AS item (workspace_id, dialect, event_count, payload)
RETURNING id
