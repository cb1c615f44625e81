-- Question: what is each use worth? One row per developer, metric and day, with its
--   points decayed forward to the model's landmark, and what its values add to the
--   lifetime value (worth). The beginning of other statements.
-- models: score models, one per workspace; workspaces: those; developers: NULL is all;
--   above, upto: developers with ids above and up to these, NULL is no bound.
--   since, until: the day after which and the last day that count, NULL is no bound.
-- Index: primary key of daily usage (developer, day, …) for chosen developers, else
--   usage_by_day or a scan of the table.
-- Cost: linear in the rows of usage; 1 µs a row and core.
-- The arithmetic is that of accounts/scoring.py. power(), ln() and products that
-- underflow are errors in PostgreSQL, hence the bounds.
WITH weight AS (
    SELECT
        entry.key::bigint AS metric_id,
        CASE
            WHEN (entry.value ->> 0)::float8 < 1e-6 THEN 0
            ELSE least((entry.value ->> 0)::float8, 1e9)
        END AS weight,
        (entry.value ->> 1)::float8 AS cap,
        model.id AS model_id,
        model.damp,
        model.version,
        model.landmark,
        model.half_life_days,
        coalesce(metric.adds_to_lifetime_value, false) AS adds_value
    FROM accounts_scoremodel AS model
    CROSS JOIN LATERAL jsonb_each(model.weights) AS entry
    LEFT JOIN accounts_metric AS metric ON metric.id = entry.key::bigint
    WHERE model.id = ANY(%(models)s::bigint[])
),
daily AS (
    SELECT
        usage.workspace_id,
        usage.developer_id,
        usage.day,
        usage.metric_id,
        sum(usage.count::float8) AS uses,
        sum(greatest(least(usage.value_sum, 1e250), -1e250)) AS value_sum
    FROM accounts_dailyusage AS usage
    WHERE
        usage.workspace_id = ANY(%(workspaces)s::bigint[])
        AND (
            %(developers)s::bigint[] IS NULL
            OR usage.developer_id = ANY(%(developers)s::bigint[])
        )
        AND (%(above)s::bigint IS NULL OR usage.developer_id > %(above)s::bigint)
        AND (%(upto)s::bigint IS NULL OR usage.developer_id <= %(upto)s::bigint)
        AND (%(since)s::date IS NULL OR usage.day > %(since)s::date)
        AND (%(until)s::date IS NULL OR usage.day <= %(until)s::date)
    GROUP BY
        usage.workspace_id, usage.developer_id, usage.day, usage.metric_id
),
capped AS (
    SELECT
        daily.workspace_id,
        daily.developer_id,
        daily.metric_id,
        daily.day,
        daily.uses,
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
