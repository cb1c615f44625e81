-- Question: which metrics does a score model not know yet? Adds them to its weights.
-- Index: primary keys; metric_key_once for the metrics of a workspace.
-- Cost: a handful of rows; writes nothing when there is nothing new.
UPDATE accounts_scoremodel AS model
SET weights = model.weights || missing.weights
FROM (
    SELECT
        model.id,
        jsonb_object_agg(
            metric.id::text,
            jsonb_build_array(
                coalesce(metric.weight, %(weight)s::float8), metric.daily_cap
            )
        ) AS weights
    FROM accounts_scoremodel AS model
    INNER JOIN accounts_metric AS metric
        ON metric.workspace_id = model.workspace_id
    WHERE
        model.id = ANY(%(models)s::bigint[])
        AND NOT jsonb_exists(model.weights, metric.id::text)
    GROUP BY model.id
) AS missing
WHERE model.id = missing.id
