-- Question: none; queues pairs of identities whose developers are to be merged.
-- Index: none, both ends are in the temporary table. Cost: linear in the pairs.
INSERT INTO accounts_waitingjoin (
    workspace_id, identity_id, other_identity_id
)
SELECT asked.workspace_id, a.identity_id, b.identity_id
FROM unnest(
    %(workspaces)s::bigint[],
    %(kinds_a)s::text[],
    %(values_a)s::text[],
    %(kinds_b)s::text[],
    %(values_b)s::text[]
) AS asked (workspace_id, kind_a, value_a, kind_b, value_b)
JOIN pending_identity AS a
    ON
        a.workspace_id = asked.workspace_id
        AND a.kind = asked.kind_a
        AND a.value = asked.value_a
JOIN pending_identity AS b
    ON
        b.workspace_id = asked.workspace_id
        AND b.kind = asked.kind_b
        AND b.value = asked.value_b
WHERE a.developer_id <> b.developer_id
