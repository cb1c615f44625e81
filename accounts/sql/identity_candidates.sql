-- Question: which known developers may get a better account from this batch?
-- What an identity says by itself (an e-mail's domain) was asked when it came; only
-- the domain, the licence and the address of events can be new. 1.0, 0.95 and 0.8 are
-- the confidences of those rules. Where there is nothing to look an address up in, it says nothing.
-- Index: none, it reads the temporary table whole. Cost: linear in the batch.
SELECT
    developer_id, workspace_id, kind, value, coalesce(domain, ''),
    coalesce(host(ip), ''), confidence, coalesce(license_key, '')
FROM pending_identity
WHERE
    identity_id IS NOT NULL
    AND (
        (confidence < 1.0 AND domain <> '')
        OR (confidence < 0.95 AND license_key <> '')
        OR (confidence < 0.8 AND ip IS NOT NULL AND (
            %(ip_database)s
            OR workspace_id IN (SELECT workspace_id FROM accounts_accountnetwork)
        ))
    )
ORDER BY workspace_id, kind COLLATE "C", value COLLATE "C"
