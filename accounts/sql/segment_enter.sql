-- Question: none; begins the stays of those who are wanted.
-- Index: none. Cost: one write per move.
INSERT INTO accounts_segmentmember (
    workspace_id, segment_id, {column}, entered_at, because, left_because
)
SELECT
    %(workspace)s,
    %(segment)s,
    subject_id,
    %(at)s,
    jsonb_build_object('rule', %(rule)s::bigint, 'parts', to_jsonb(parts)),
    '{{}}'
FROM segment_move
WHERE member_id IS NULL
ORDER BY subject_id
