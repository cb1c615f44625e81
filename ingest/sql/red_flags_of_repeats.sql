-- Question: which events of a workspace came so often in a period that it is a burst?
-- Index: repeated_event_late. Cost: the keys repeated in the last days.
SELECT
    repeat.workspace_id, repeat.key, identity.id, repeat.product, repeat.event_id,
    repeat.dialect, repeat.count, repeat.first_at, repeat.last_at
FROM ingest_repeatedevent AS repeat
LEFT JOIN accounts_identity AS identity ON identity.id = repeat.identity_id
WHERE
    repeat.workspace_id = %(workspace)s
    AND repeat.last_at >= %(since)s
    AND repeat.count >= %(burst)s
ORDER BY repeat.key
