-- Question: how many points and what lifetime value does each developer have, and
--   where is the score going? Follows score_use_points.sql.
-- Index: primary keys of developers and of their scores.
-- Cost: one grouping of the uses, one write per developer.
, moved AS (
    SELECT
        developer.id AS developer_id,
        developer.workspace_id,
        developer.account_id,
        developer.first_seen_at,
        summed.points,
        summed.points_before,
        summed.worth,
        summed.last_active_on,
        model.version,
        model.landmark,
        model.half_life_days,
        model.medium_from,
        model.developer_scale AS scale
    FROM (
        SELECT
            part.developer_id,
            part.model_id,
            sum(part.points) AS points,
            coalesce(sum(part.points) FILTER (WHERE part.is_before), 0)
                AS points_before,
            sum(part.worth) AS worth,
            max(part.last_active_on) AS last_active_on
        FROM (
            -- Grouped once more, because two sums of a use's points would have its
            -- logarithm and its power worked out twice.
            SELECT
                use_points.developer_id,
                use_points.model_id,
                use_points.day <= %(week_ago)s::date AS is_before,
                sum(use_points.points) AS points,
                sum(use_points.worth) AS worth,
                max(use_points.day) AS last_active_on
            FROM use_points
            GROUP BY
                use_points.developer_id,
                use_points.model_id,
                use_points.day <= %(week_ago)s::date
        ) AS part
        GROUP BY part.developer_id, part.model_id
    ) AS summed
    INNER JOIN accounts_developer AS developer ON developer.id = summed.developer_id
    INNER JOIN accounts_scoremodel AS model ON model.id = summed.model_id
)
-- include trend
INSERT INTO accounts_developerscore (
    developer_id, workspace_id, points, points_before, counted_in, lifetime_value,
    model_version, last_active_on, scored_at, change_7d, trend, trend_on
)
SELECT
    judged.developer_id,
    judged.workspace_id,
    judged.points,
    judged.points_before,
    judged.account_id,
    judged.worth,
    judged.version,
    judged.last_active_on,
    %(now)s,
    judged.change_7d,
    judged.trend,
    %(today)s::date
FROM judged
ORDER BY judged.developer_id
ON CONFLICT (developer_id) DO UPDATE SET
    points = excluded.points,
    points_before = excluded.points_before,
    counted_in = excluded.counted_in,
    lifetime_value = excluded.lifetime_value,
    model_version = excluded.model_version,
    last_active_on = excluded.last_active_on,
    scored_at = excluded.scored_at,
    change_7d = excluded.change_7d,
    trend = excluded.trend,
    trend_on = excluded.trend_on
