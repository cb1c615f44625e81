-- Question: how far did the scores of these developers move, now that a day has
--   passed? Writes what changed. Follows score_use_points.sql since a week ago: what
--   is older are the stored points less those.
-- Index: primary keys of daily usage (developer, day), developers and their scores.
-- Cost: linear in the developers and their usage of a week; one write per change.
, recent AS (
    SELECT
        use_points.developer_id,
        sum(use_points.points) AS points
    FROM use_points
    GROUP BY use_points.developer_id
),
moved AS (
    SELECT
        score.developer_id,
        developer.first_seen_at,
        score.points,
        greatest(score.points - coalesce(recent.points, 0), 0) AS points_before,
        score.last_active_on,
        model.landmark,
        model.half_life_days,
        model.medium_from,
        model.developer_scale AS scale
    FROM accounts_developerscore AS score
    INNER JOIN accounts_developer AS developer ON developer.id = score.developer_id
    INNER JOIN accounts_scoremodel AS model
        ON
            model.workspace_id = score.workspace_id
            AND model.id = ANY(%(models)s::bigint[])
    LEFT JOIN recent ON recent.developer_id = score.developer_id
    WHERE score.developer_id = ANY(%(developers)s::bigint[])
)
-- include trend
UPDATE accounts_developerscore AS score
SET
    points_before = judged.points_before,
    change_7d = judged.change_7d,
    trend = judged.trend,
    trend_on = %(today)s::date
FROM judged
WHERE
    score.developer_id = judged.developer_id
    AND (
        score.trend_on IS NULL
        OR (score.change_7d, score.trend)
        IS DISTINCT FROM (judged.change_7d, judged.trend)
        -- Sums of the same uses in another order differ in their last digits.
        OR abs(score.points_before - judged.points_before) > 1e-9 * score.points
    )
