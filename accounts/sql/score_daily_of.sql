-- Question: how often did these developers use each metric on each day? The first part
--   of score_use_points.sql, for chosen people.
-- developers: those, each once; account: all of that account too; since, until: as in
--   score_daily.sql.
-- Index: primary key of daily usage, once per developer, whose rows come grouped then:
--   one grouping of them all, or one list of ids to be found, costs twice to ten times
--   as much. Cost: linear in the rows of usage; 0.9 µs a row and core.
daily AS (
    SELECT
        used.workspace_id,
        chosen.developer_id,
        used.day,
        used.metric_id,
        used.uses,
        used.value_sum
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
            sum(greatest(least(usage.value_sum, 1e250), -1e250)) AS value_sum
        FROM accounts_dailyusage AS usage
        WHERE
            usage.developer_id = chosen.developer_id
            AND usage.workspace_id = ANY(%(workspaces)s::bigint[])
            AND (%(since)s::date IS NULL OR usage.day > %(since)s::date)
            AND (%(until)s::date IS NULL OR usage.day <= %(until)s::date)
        GROUP BY usage.day, usage.metric_id
    ) AS used
),
