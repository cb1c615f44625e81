-- Question: what is a use of each metric worth by each of some score models? A part of
--   other statements. models: those models, of different workspaces or of one.
-- Index: primary key of score models. Cost: one row per model and metric.
weight AS (
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
