-- Question: who of those who would go back is waited for? Follows the filling of
-- stage_move, and takes them out of it. Who came by a rule that was changed less than
-- the patience ago goes at once, and so does who is where no rule brought them.
-- Whoever the rules want where they are, or further, is not missed any more.
-- subjects: NULL is everybody in the workspace.
-- Index: primary key; stage_entry_members, or stage_entry_…_now for some. Cost: a probe
-- per move, one pass over those who are judged, one write per beginning and end.
WITH ladder AS (
    SELECT l.stage_id, l.changed_at
    FROM unnest(%(stages)s::bigint[], %(changes)s::timestamptz[])
        AS l (stage_id, changed_at)
),
waiting AS (
    SELECT move.entry_id, e.missed_since
    FROM stage_move AS move
    JOIN accounts_stageentry AS e ON e.id = move.entry_id
    JOIN ladder ON ladder.stage_id = e.stage_id
    WHERE
        NOT move.is_advance
        AND e.matched_id IS NOT NULL
        AND coalesce(e.missed_since, %(day)s) > %(patient_since)s
        AND (
            ladder.changed_at IS NULL
            OR e.entered_at >= ladder.changed_at
            OR (ladder.changed_at AT TIME ZONE 'UTC')::date <= %(patient_since)s
        )
),
held AS (
    DELETE FROM stage_move AS move
    USING waiting
    WHERE move.entry_id = waiting.entry_id
),
begun AS (
    UPDATE accounts_stageentry AS e
    SET missed_since = %(day)s
    FROM waiting
    WHERE e.id = waiting.entry_id AND waiting.missed_since IS NULL
)
-- As it was before the two above: those who wait are still among the moves.
UPDATE accounts_stageentry AS e
SET missed_since = NULL
WHERE
    e.left_at IS NULL
    AND e.missed_since IS NOT NULL
    AND e.{column} IS NOT NULL
    AND e.stage_id = ANY (%(all_stages)s::bigint[])
    AND (
        %(subjects)s::bigint[] IS NULL
        OR e.{column} = ANY (%(subjects)s::bigint[])
    )
    AND NOT EXISTS (SELECT 1 FROM stage_move AS move WHERE move.entry_id = e.id)
