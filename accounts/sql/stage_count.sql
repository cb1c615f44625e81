-- Question: none; adds the moves to the days' counts. Who stays, though by hand or by
-- the rules from now on, neither enters nor leaves.
-- Index: primary key. Cost: one write per stage.
INSERT INTO accounts_stageday AS d (
    workspace_id, stage_id, day, entered, advanced, "left"
)
SELECT
    %(workspace)s,
    change.stage_id,
    %(day)s,
    sum(change.entered),
    sum(change.advanced),
    sum(change.gone)
FROM (
    SELECT
        to_stage AS stage_id,
        count(*) AS entered,
        count(*) FILTER (WHERE is_advance) AS advanced,
        0 AS gone
    FROM stage_move
    WHERE to_stage IS DISTINCT FROM from_stage AND to_stage IS NOT NULL
    GROUP BY to_stage
    UNION ALL
    SELECT from_stage, 0, 0, count(*)
    FROM stage_move
    WHERE from_stage IS DISTINCT FROM to_stage AND from_stage IS NOT NULL
    GROUP BY from_stage
) AS change
GROUP BY change.stage_id
ORDER BY change.stage_id
ON CONFLICT (stage_id, day) DO UPDATE SET
    entered = d.entered + excluded.entered,
    advanced = d.advanced + excluded.advanced,
    "left" = d."left" + excluded."left"
