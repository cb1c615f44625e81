-- Question: who is not in the stage that the rules want? Follows the filling of
-- stage_wanted. Whom a person put somewhere stays; whoever no rule wants leaves.
-- subjects: NULL is everybody in the workspace.
-- Index: stage_entry_members, or stage_entry_…_now for some. Cost: one pass over those
-- who are judged, one row per move.
WITH ladder AS (
    SELECT l.stage_id, l.matched_id, l.rank::integer AS rank
    FROM unnest(%(stages)s::bigint[], %(rules)s::bigint[])
        WITH ORDINALITY AS l (stage_id, matched_id, rank)
),
-- All stages of the subject, those without a rule too, by how far they are.
known AS (
    SELECT k.stage_id, k.place
    FROM unnest(%(all_stages)s::bigint[]) WITH ORDINALITY AS k (stage_id, place)
),
now_in AS (
    SELECT e.id, e.{column} AS subject_id, e.stage_id, e.by_hand
    FROM accounts_stageentry AS e
    WHERE
        e.left_at IS NULL
        AND e.{column} IS NOT NULL
        AND e.stage_id = ANY (%(all_stages)s::bigint[])
        AND (
            %(subjects)s::bigint[] IS NULL
            OR e.{column} = ANY (%(subjects)s::bigint[])
        )
)
INSERT INTO stage_move (
    entry_id, subject_id, from_stage, to_stage, matched_id, is_advance
)
SELECT
    now_in.id,
    coalesce(now_in.subject_id, wanted.subject_id),
    now_in.stage_id,
    ladder.stage_id,
    ladder.matched_id,
    now_in.id IS NULL OR coalesce(there.place > here.place, false)
FROM now_in
FULL JOIN stage_wanted AS wanted ON wanted.subject_id = now_in.subject_id
LEFT JOIN ladder ON ladder.rank = wanted.rank
LEFT JOIN known AS here ON here.stage_id = now_in.stage_id
LEFT JOIN known AS there ON there.stage_id = ladder.stage_id
WHERE
    (now_in.stage_id IS DISTINCT FROM ladder.stage_id OR %(released)s)
    AND (NOT coalesce(now_in.by_hand, false) OR %(released)s)
