-- Question: none; moves everybody out of a stage, those by hand or the others.
-- Index: stage_entry_members. Cost: one row per person in it.
INSERT INTO stage_move (
    entry_id, subject_id, from_stage, to_stage, matched_id, is_advance
)
SELECT
    e.id,
    coalesce(e.account_id, e.developer_id),
    e.stage_id,
    %(target)s::bigint,
    NULL,
    %(is_advance)s
FROM accounts_stageentry AS e
WHERE e.stage_id = %(stage)s AND e.left_at IS NULL AND e.by_hand = %(by_hand)s
