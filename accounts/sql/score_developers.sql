-- Question: how many points and what lifetime value does each developer have?
--   Follows score_use_points.sql.
-- Index: primary keys of developers and of their scores.
-- Cost: one grouping of the uses, one write per developer.
INSERT INTO accounts_developerscore (
    developer_id, workspace_id, points, counted_in, lifetime_value, model_version,
    last_active_on, scored_at
)
SELECT
    developer.id,
    developer.workspace_id,
    summed.points,
    developer.account_id,
    summed.worth,
    summed.version,
    summed.last_active_on,
    %(now)s
FROM (
    SELECT
        use_points.developer_id,
        use_points.version,
        sum(use_points.points) AS points,
        sum(use_points.worth) AS worth,
        max(use_points.day) AS last_active_on
    FROM use_points
    GROUP BY use_points.developer_id, use_points.version
) AS summed
INNER JOIN accounts_developer AS developer ON developer.id = summed.developer_id
ORDER BY developer.id
ON CONFLICT (developer_id) DO UPDATE SET
    points = excluded.points,
    counted_in = excluded.counted_in,
    lifetime_value = excluded.lifetime_value,
    model_version = excluded.model_version,
    last_active_on = excluded.last_active_on,
    scored_at = excluded.scored_at
