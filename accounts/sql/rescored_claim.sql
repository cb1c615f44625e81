-- Question: who was scored since they were judged? Takes the oldest; rows that another
-- worker holds are skipped, and so are the workspaces that rest. Subject null is
-- everybody.
-- Index: primary key, in its order. Cost: linear in the limit.
WITH claimed AS MATERIALIZED (
    SELECT r.id
    FROM accounts_rescored AS r
    WHERE r.workspace_id <> ALL (%(resting)s::bigint[])
    ORDER BY r.id
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
),
gone AS (
    DELETE FROM accounts_rescored AS r
    USING claimed
    WHERE r.id = claimed.id
    RETURNING r.workspace_id, r.subject, r.subject_id
)
SELECT
    workspace_id,
    subject,
    CASE
        WHEN bool_or(subject_id IS NULL) THEN NULL
        ELSE array_agg(DISTINCT subject_id)
    END
FROM gone
GROUP BY workspace_id, subject
ORDER BY workspace_id, subject
