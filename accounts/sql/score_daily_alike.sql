-- Question: how many of these developers used each metric equally often on each day?
--   The first part of score_use_points.sql, for receipts: what is alike is worth alike,
--   so that the arithmetic is done for some thousand rows, however many people.
-- developers, account, since, until: as in score_daily_of.sql; products: ids of the
--   workspace's; marks: for each of them a bit of its own, as long as all of them.
-- Index, cost: as score_daily_of.sql.
daily AS (
    SELECT
        used.day,
        used.metric_id,
        used.uses,
        min(used.workspace_id) AS workspace_id,
        count(*) AS people,
        bit_or(used.products) AS products,
        NULL::bigint AS developer_id,
        NULL::float8 AS value_sum
    FROM (
        SELECT unnest(%(developers)s::bigint[]) AS developer_id
        UNION ALL
        SELECT developer.id
        FROM accounts_developer AS developer
        WHERE developer.account_id = %(account)s::bigint
    ) AS chosen
    CROSS JOIN LATERAL (
        SELECT
            usage.day,
            usage.metric_id,
            min(usage.workspace_id) AS workspace_id,
            sum(usage.count::float8) AS uses,
            bit_or(
                (%(marks)s::varbit[])[
                    array_position(%(products)s::bigint[], usage.product_id)
                ]
            ) AS products
        FROM accounts_dailyusage AS usage
        WHERE
            usage.developer_id = chosen.developer_id
            AND usage.workspace_id = ANY(%(workspaces)s::bigint[])
            AND (%(since)s::date IS NULL OR usage.day > %(since)s::date)
            AND (%(until)s::date IS NULL OR usage.day <= %(until)s::date)
        GROUP BY usage.day, usage.metric_id
    ) AS used
    GROUP BY used.day, used.metric_id, used.uses
),
