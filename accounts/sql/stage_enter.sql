-- Question: none; begins the stays of those who move.
-- Index: none. Cost: one write per move.
INSERT INTO accounts_stageentry (
    workspace_id, stage_id, {column}, came_from_id, is_advance, entered_at, by_hand,
    actor_id, reason, matched_id, left_reason
)
SELECT
    %(workspace)s,
    to_stage,
    subject_id,
    from_stage,
    is_advance,
    %(at)s,
    %(by_hand)s,
    %(actor)s::bigint,
    left(%(reason)s, 200),
    matched_id,
    ''
FROM stage_move
WHERE to_stage IS NOT NULL
ORDER BY subject_id
