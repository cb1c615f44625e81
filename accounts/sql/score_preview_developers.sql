-- Question: how many points would each developer have by the draft? Follows
--   score_use_points.sql.
-- Index, cost: those of score_use_points.sql; one grouping, nothing kept.
INSERT INTO score_preview_developer (developer_id, points)
SELECT
    use_points.developer_id,
    sum(use_points.points)
FROM use_points
GROUP BY use_points.developer_id
