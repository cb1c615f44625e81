-- Question: what did an account use on each day of a period, and how many of its people
--   did so for the first time in it? The latter add up to those who did at all.
-- Index: developers by account, primary key of daily usage once per developer.
-- Cost: one pass over the account's usage of the period; 1.1 µs a row, 2.5 µs a
--   developer. Two statements, one by day and one by person, cost twice as much.
SELECT
    metric.label AS metric,
    metric.level,
    product.name AS product,
    day_use.metric_id,
    day_use.product_id,
    day_use.day,
    day_use.uses,
    day_use.newcomers
FROM (
    SELECT
        used.metric_id,
        used.product_id,
        used.day,
        sum(used.count)::bigint AS uses,
        count(*) FILTER (
            WHERE used.is_first AND NOT developer.is_aggregate
        ) AS newcomers
    FROM accounts_developer AS developer
    CROSS JOIN LATERAL (
        SELECT
            usage.metric_id,
            usage.product_id,
            usage.day,
            usage.count,
            row_number() OVER (
                PARTITION BY usage.metric_id, usage.product_id ORDER BY usage.day
            ) = 1 AS is_first
        FROM accounts_dailyusage AS usage
        WHERE
            usage.developer_id = developer.id
            AND usage.day BETWEEN %(first)s AND %(last)s
    ) AS used
    WHERE developer.account_id = %(account)s
    GROUP BY used.metric_id, used.product_id, used.day
) AS day_use
INNER JOIN accounts_metric AS metric ON metric.id = day_use.metric_id
INNER JOIN accounts_product AS product ON product.id = day_use.product_id
