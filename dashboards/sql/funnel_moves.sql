-- Question: who changed stage in a period, the latest first?
-- Index: stage_entry_entered, once per stage. Cost: `most` rows per stage.
SELECT late.id
FROM unnest(%(stages)s::bigint[]) AS stage (id)
CROSS JOIN LATERAL (
    SELECT e.id, e.entered_at
    FROM accounts_stageentry AS e
    WHERE
        e.stage_id = stage.id
        AND e.entered_at >= %(first)s
        AND e.entered_at < %(until)s
    ORDER BY e.entered_at DESC, e.id DESC
    LIMIT %(most)s
) AS late
ORDER BY late.entered_at DESC, late.id DESC
LIMIT %(most)s
