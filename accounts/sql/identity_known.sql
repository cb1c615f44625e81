-- Question: what is there to write about people of this batch who were known before?
-- Index: none. Cost: one pass over the temporary table; saves the statements after it.
WITH gaining AS MATERIALIZED (
    SELECT EXISTS (
        SELECT
        FROM pending_evidence
        WHERE developer_id NOT IN (
            SELECT developer_id FROM pending_identity WHERE developer_is_made
        )
    ) AS any
)
SELECT
    coalesce(bool_or(p.identity_moves), false) OR gaining.any,
    coalesce(bool_or(p.developer_moves OR p.developer_learns), false) OR gaining.any,
    -- A new developer may come to a known account.
    coalesce(bool_or(p.account_moves OR p.confidence IS NULL), false) OR gaining.any
FROM gaining
LEFT JOIN pending_identity AS p ON true
GROUP BY gaining.any
