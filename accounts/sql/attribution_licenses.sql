-- Question: whose are the licences that this batch was sent under? A revoked licence
-- tells nothing: it may be anybody who uses it now.
-- Index: license_key_once. Cost: one probe per piece of evidence; writes a temporary
-- table only.
UPDATE pending_evidence AS e
SET account_id = license.account_id
FROM accounts_license AS license
WHERE
    e.rule = 'license'
    AND license.workspace_id = e.workspace_id
    AND license.key = e.detail
    AND license.revoked_at IS NULL
    AND license.account_id IS NOT NULL
