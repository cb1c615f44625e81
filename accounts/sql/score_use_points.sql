-- Question: what is each use worth? One row per developer, metric and day, with its
--   points decayed forward to the model's landmark, and what its values add to the
--   lifetime value (worth). The beginning of other statements; follows score_weights.sql
--   and one of score_daily*.sql, which choose the uses.
-- Index: theirs.
-- Cost: linear in the rows of usage; 1 µs a row and core.
-- The arithmetic is that of accounts/scoring.py. power(), ln() and products that
-- underflow are errors in PostgreSQL, hence the bounds.
capped AS (
    SELECT
        daily.*,
        greatest(least(daily.uses, weight.cap), 0) AS counted,
        weight.damp AS damping,
        CASE WHEN weight.adds_value THEN daily.value_sum ELSE 0 END AS worth,
        weight.weight,
        weight.model_id,
        weight.version,
        weight.half_life_days,
        (daily.day - weight.landmark) / weight.half_life_days AS half_lives
    FROM daily
    INNER JOIN weight ON weight.metric_id = daily.metric_id
),
damped AS (
    SELECT
        capped.*,
        CASE capped.damping
            WHEN 'linear' THEN capped.counted
            WHEN 'sqrt' THEN sqrt(capped.counted)
            WHEN 'once' THEN least(capped.counted, 1)
            ELSE ln(1 + capped.counted) / ln(2::float8)
        END AS damp
    FROM capped
),
use_points AS (
    SELECT
        damped.*,
        CASE
            WHEN damped.half_lives < -200 THEN 0
            ELSE
                damped.weight * damped.damp
                * power(2::float8, least(damped.half_lives, 200))
        END AS points
    FROM damped
)
