-- Question: how many points did developers earn on each day, not decayed, by each of
--   some versions of the score model? Days before the first count as the first,
--   decayed to it. Follows score_use_points.sql.
-- Index: primary key of daily usage.
-- Cost: linear in the developers' rows of usage and in the versions.
SELECT
    use_points.model_id,
    use_points.developer_id,
    greatest(use_points.day, %(first)s::date) AS day,
    sum(
        CASE
            WHEN
                (%(first)s::date - use_points.day) > 200 * use_points.half_life_days
                THEN 0
            ELSE
                use_points.weight * use_points.damp
                * power(
                    2::float8,
                    least(use_points.day - %(first)s::date, 0)
                    / use_points.half_life_days
                )
        END
    ) AS points
FROM use_points
GROUP BY
    use_points.model_id,
    use_points.developer_id,
    greatest(use_points.day, %(first)s::date)
ORDER BY 1, 2, 3
