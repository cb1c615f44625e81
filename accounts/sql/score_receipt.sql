-- Question: which uses make up the points of some developers on a day? One line per
--   metric and day; lines under half of what a page shows come as one, without metric.
--   Follows score_use_points.sql on score_daily_alike.sql, a row of which stands for
--   as many people as used alike; as_of: the day, smallest: points of the least line.
-- Index: theirs. Cost: theirs; answers some thousand lines at most.
, line AS (
    SELECT
        use_points.metric_id,
        use_points.day,
        max(use_points.weight) AS weight,
        bit_or(use_points.products) AS products,
        sum(use_points.people)::bigint AS developers,
        sum(use_points.people * use_points.uses)::bigint AS uses,
        sum(use_points.people * use_points.counted)::bigint AS counted,
        sum(use_points.people * use_points.damp) AS damp,
        CASE
            WHEN
                (%(as_of)s::date - use_points.day)
                > 200 * max(use_points.half_life_days)
                THEN 0
            ELSE
                max(use_points.weight) * sum(use_points.people * use_points.damp)
                * power(
                    2::float8,
                    least(
                        (use_points.day - %(as_of)s::date)
                        / max(use_points.half_life_days),
                        200
                    )
                )
        END AS points
    FROM use_points
    GROUP BY use_points.metric_id, use_points.day
),
shown AS (
    SELECT line.*, line.points >= %(smallest)s::float8 AS is_shown
    FROM line
)
SELECT
    metric.id,
    metric.label,
    shown.products::text,
    shown.day,
    shown.developers,
    shown.uses,
    shown.counted,
    shown.weight,
    shown.damp,
    shown.points
FROM shown
INNER JOIN accounts_metric AS metric ON metric.id = shown.metric_id
WHERE shown.is_shown
UNION ALL
SELECT
    NULL,
    '',
    '',
    NULL,
    count(*),
    sum(shown.uses)::bigint,
    sum(shown.counted)::bigint,
    NULL,
    NULL,
    sum(shown.points)
FROM shown
WHERE NOT shown.is_shown
HAVING count(*) > 0
ORDER BY 10 DESC, 4 DESC NULLS LAST, 2
