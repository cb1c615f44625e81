-- Question: none; writes the batch's new identities, sorted, so that two digests that
-- bring the same ones wait for each other instead of for ever. Fewer rows than asked
-- mean that another digest was faster.
-- Index: identity_once. Cost: linear in the new identities.
INSERT INTO accounts_identity (
    workspace_id, developer_id, kind, value, joined_by, kept_apart, last_ip,
    first_seen_at, last_seen_at
)
SELECT
    p.workspace_id,
    p.developer_id,
    p.kind,
    p.value,
    p.joined_by,
    false,
    CASE WHEN d.confidence < 0.9 THEN p.ip END,
    p.first_at,
    p.last_at
FROM pending_identity AS p
JOIN accounts_developer AS d ON d.id = p.developer_id
WHERE p.identity_id IS NULL
ORDER BY p.workspace_id, p.kind COLLATE "C", p.value COLLATE "C"
ON CONFLICT DO NOTHING
