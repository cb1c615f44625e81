-- Question: none; makes the sizes that the days add up to those that are: people were
-- deleted since.
-- Index: stage_entry_members. Cost: one index scan of everybody in a stage.
INSERT INTO accounts_stageday AS d (
    workspace_id, stage_id, day, entered, advanced, "left"
)
SELECT s.workspace_id, s.id, %(day)s, 0, 0, told.size - real.size
FROM accounts_stage AS s
CROSS JOIN LATERAL (
    SELECT coalesce(sum(days.entered - days."left"), 0) AS size
    FROM accounts_stageday AS days
    WHERE days.stage_id = s.id
) AS told
CROSS JOIN LATERAL (
    SELECT count(*) AS size
    FROM accounts_stageentry AS e
    WHERE e.stage_id = s.id AND e.left_at IS NULL
) AS real
WHERE
    s.workspace_id = %(workspace)s
    AND s.subject = %(subject)s
    AND told.size <> real.size
ORDER BY s.id
ON CONFLICT (stage_id, day) DO UPDATE SET "left" = d."left" + excluded."left"
