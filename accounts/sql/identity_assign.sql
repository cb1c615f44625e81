-- Question: none; tells each new identity of the batch which developer it gets.
-- Index: none. Cost: one hash join; writes the temporary table only.
UPDATE pending_identity AS p
SET
    developer_id = given.developer_id,
    joined_by = given.joined_by,
    developer_is_made = given.is_made,
    -- It may be seen earlier or later, and may bring traits.
    developer_learns = NOT given.is_made,
    face = given.face
FROM unnest(
    %(workspaces)s::bigint[],
    %(kinds)s::text[],
    %(values)s::text[],
    %(developers)s::bigint[],
    %(made)s::boolean[],
    %(rules)s::text[],
    %(faces)s::text[]
) AS given (workspace_id, kind, value, developer_id, is_made, joined_by, face)
WHERE
    p.workspace_id = given.workspace_id
    AND p.kind = given.kind
    AND p.value = given.value
