-- Question: none; ends the stays of those who move.
-- Index: primary key. Cost: one write per move.
UPDATE accounts_stageentry AS e
SET
    left_at = greatest(%(at)s, e.entered_at),
    left_reason = left(%(left_reason)s, 200)
FROM stage_move AS move
WHERE e.id = move.entry_id
