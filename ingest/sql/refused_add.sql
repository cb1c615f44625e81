-- Keeps refused requests for people to look into; one whose key is gone is not kept.
-- Index: primary keys. Cost: one row each, at most five per key, dialect and second.
INSERT INTO ingest_refusedrequest
    (workspace_id, api_key_id, dialect, at, reason, status, peer, request, answer)
SELECT
    workspace.id, api_key.id, item.dialect, item.at, item.reason, item.status,
    item.peer, item.request, item.answer
FROM unnest(
    %(workspace_ids)s::bigint[],
    %(key_ids)s::bigint[],
    %(dialects)s::text[],
    %(ats)s::timestamptz[],
    %(reasons)s::text[],
    %(statuses)s::int[],
    %(peers)s::text[],
    %(requests)s::text[],
    %(answers)s::text[]
) AS item (
    workspace_id, key_id, dialect, at, reason, status, peer, request, answer
)
JOIN accounts_workspace AS workspace ON workspace.id = item.workspace_id
LEFT JOIN accounts_apikey AS api_key ON api_key.id = item.key_id
WHERE item.key_id IS NULL OR api_key.id IS NOT NULL
