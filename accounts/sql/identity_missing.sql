-- Question: which identities of the batch does nobody have yet?
-- Index: none, it reads the temporary table whole. Cost: linear in the batch.
SELECT
    workspace_id, kind, value, coalesce(domain, ''), coalesce(host(ip), ''),
    is_aggregate, coalesce(traits ->> 'name', ''), coalesce(license_key, '')
FROM pending_identity
WHERE identity_id IS NULL
ORDER BY workspace_id, kind COLLATE "C", value COLLATE "C"
