-- Question: how many points has each developer now? For a draft that earns the same
--   points: stored ones, decayed to today, which is the draft's landmark.
-- Index: developer_score_order by workspace. Cost: one pass over the scores.
INSERT INTO score_preview_developer (developer_id, points)
SELECT
    score.developer_id,
    score.points * %(factor)s::float8
FROM accounts_developerscore AS score
WHERE score.workspace_id = %(workspace)s
