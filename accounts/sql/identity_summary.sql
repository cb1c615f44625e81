-- Question: what is there to do for this batch beyond looking it up?
-- Index: none. Cost: one pass over the temporary table; saves the statements after it.
SELECT
    count(*) FILTER (WHERE identity_id IS NULL) AS missing,
    EXISTS (SELECT FROM pending_link) AS linked,
    -- As in identity_candidates.sql.
    coalesce(bool_or(
        identity_id IS NOT NULL
        AND (
            (confidence < 1.0 AND domain <> '')
            OR (confidence < 0.95 AND license_key <> '')
            OR (confidence < 0.8 AND ip IS NOT NULL AND (
                %(ip_database)s
                OR workspace_id IN (SELECT workspace_id FROM accounts_accountnetwork)
            ))
        )
    ), false) AS may_gain
FROM pending_identity
