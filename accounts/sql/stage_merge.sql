-- Question: none; of developers who become one, one stay lasts: one by hand before all
-- others, then that of the developer who stays, then the furthest. The rest end, and
-- the corrections remember them, so that taking a merge back gives them back.
-- Index: stage_entry_developer_now. Cost: a few probes per pair.
WITH pair AS (
    SELECT p.keep, p.other, c.id AS correction_id
    FROM unnest(%(keeps)s::bigint[], %(others)s::bigint[]) AS p (keep, other)
    JOIN accounts_correction AS c
        ON
            c.id = ANY (%(corrections)s::bigint[])
            AND (c.before -> 'other' ->> 'id')::bigint = p.other
),
ranked AS (
    SELECT
        e.id,
        e.stage_id,
        side.keep,
        side.correction_id,
        row_number() OVER lasting AS place,
        first_value(side.correction_id) OVER lasting AS winner
    FROM (
        SELECT DISTINCT keep, keep AS developer_id, NULL::bigint AS correction_id
        FROM pair
        UNION ALL
        SELECT keep, other, correction_id FROM pair
    ) AS side
    JOIN accounts_stageentry AS e
        ON e.developer_id = side.developer_id AND e.left_at IS NULL
    JOIN accounts_stage AS s ON s.id = e.stage_id
    WINDOW lasting AS (
        PARTITION BY side.keep
        ORDER BY
            e.by_hand DESC, (side.correction_id IS NULL) DESC, s.position DESC, e.id
    )
),
ended AS (
    UPDATE accounts_stageentry AS e
    SET left_at = greatest(now(), e.entered_at), left_reason = %(left_reason)s
    FROM ranked
    WHERE e.id = ranked.id AND ranked.place > 1
    RETURNING
        e.id,
        e.workspace_id,
        e.stage_id,
        (e.left_at AT TIME ZONE 'UTC')::date AS day,
        coalesce(ranked.correction_id, ranked.winner) AS correction_id
),
counted AS (
    INSERT INTO accounts_stageday AS d (
        workspace_id, stage_id, day, entered, advanced, "left"
    )
    SELECT workspace_id, stage_id, day, 0, 0, count(*)
    FROM ended
    GROUP BY workspace_id, stage_id, day
    ORDER BY stage_id, day
    ON CONFLICT (stage_id, day) DO UPDATE SET "left" = d."left" + excluded."left"
)
UPDATE accounts_correction AS c
SET before = c.before || jsonb_build_object('ended_stages', remembered.ids)
FROM (
    SELECT correction_id, jsonb_agg(id ORDER BY id) AS ids
    FROM ended
    GROUP BY correction_id
) AS remembered
WHERE c.id = remembered.correction_id
