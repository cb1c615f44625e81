-- Question: which developers' usage changed since they were scored? Takes the oldest.
-- in_turns: not those of workspaces that another worker scores in turns.
-- Index: primary key, in its order; rows another worker holds are skipped, and so are
--   workspaces that are being scored as a whole (they hold the lock exclusively).
-- Cost: linear in the limit.
WITH claimed AS MATERIALIZED (
    SELECT touched.id
    FROM accounts_toucheddeveloper AS touched
    WHERE pg_try_advisory_xact_lock_shared(
        hashtextextended('uptick.score', touched.workspace_id)
    )
    AND (
        NOT %(in_turns)s
        OR pg_try_advisory_xact_lock(
            hashtextextended('uptick.score_turn', touched.workspace_id)
        )
    )
    ORDER BY touched.id
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
DELETE FROM accounts_toucheddeveloper AS touched
USING claimed
WHERE touched.id = claimed.id
RETURNING touched.workspace_id, touched.developer_id
