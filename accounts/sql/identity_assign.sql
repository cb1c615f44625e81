-- Question: none; tells each new identity of the batch which developer it gets.
-- Index: none. Cost: one hash join; writes the temporary table only.
UPDATE pending_identity AS p
SET
    developer_id = given.developer_id,
    joined_by = given.joined_by,
    -- It may be seen earlier or later, and may bring traits.
    developer_moves = given.developer_id <> ALL (%(made)s::bigint[])
FROM unnest(
    %(workspaces)s::bigint[],
    %(kinds)s::text[],
    %(values)s::text[],
    %(developers)s::bigint[],
    %(rules)s::text[]
) AS given (workspace_id, kind, value, developer_id, joined_by)
WHERE
    p.workspace_id = given.workspace_id
    AND p.kind = given.kind
    AND p.value = given.value
