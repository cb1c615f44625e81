-- Question: who is in segment_wanted and not in the segment, or the other way round?
-- subjects: NULL is everybody, else only these.
-- Index: segment_member_…_now. Cost: one hash join of both, one row per move.
INSERT INTO segment_move (subject_id, member_id, parts)
SELECT coalesce(wanted.subject_id, now_in.subject_id), now_in.id, '{{}}'
FROM segment_wanted AS wanted
FULL JOIN (
    SELECT m.id, m.{column} AS subject_id
    FROM accounts_segmentmember AS m
    WHERE
        m.segment_id = %(segment)s
        AND m.left_at IS NULL
        AND m.{column} IS NOT NULL
        AND (
            %(subjects)s::bigint[] IS NULL
            OR m.{column} = ANY (%(subjects)s::bigint[])
        )
) AS now_in ON now_in.subject_id = wanted.subject_id
WHERE wanted.subject_id IS NULL OR now_in.id IS NULL
