-- Question: of those who reached each stage in a period, how many have gone on to a
--   later one since, and after how long? stages: in order; first and until: moments.
-- Index: stage_entry_entered, then stage_entry_of_… for each. Cost: a few probes for
--   each of at most `most` entries per stage, the latest; it does not grow with the
--   workspace.
WITH stage AS (
    SELECT s.id, s.place
    FROM unnest(%(stages)s::bigint[]) WITH ORDINALITY AS s (id, place)
)
SELECT
    stage.id,
    count(*) AS reached,
    count(onward.at) AS went_on,
    percentile_cont(0.5) WITHIN GROUP (
        ORDER BY extract(EPOCH FROM onward.at - came.entered_at)::float8
    ) FILTER (WHERE onward.at IS NOT NULL) AS median_seconds
FROM stage
CROSS JOIN LATERAL (
    SELECT e.{column} AS subject_id, e.entered_at
    FROM accounts_stageentry AS e
    WHERE
        e.stage_id = stage.id
        AND e.is_advance
        AND e.entered_at >= %(first)s
        AND e.entered_at < %(until)s
    ORDER BY e.entered_at DESC
    LIMIT %(most)s
) AS came
LEFT JOIN LATERAL (
    SELECT min(n.entered_at) AS at
    FROM accounts_stageentry AS n
    INNER JOIN stage AS later ON later.id = n.stage_id AND later.place > stage.place
    WHERE n.{column} = came.subject_id AND n.entered_at > came.entered_at
) AS onward ON TRUE
GROUP BY stage.id
