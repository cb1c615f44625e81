-- Question: which numbers did the identities get that were just written?
-- Index: identity_once. Cost: one probe per new identity; temporary table only.
UPDATE pending_identity AS p
SET identity_id = i.id
FROM accounts_identity AS i
WHERE
    p.identity_id IS NULL
    AND i.workspace_id = p.workspace_id
    AND i.kind = p.kind
    AND i.value = p.value
