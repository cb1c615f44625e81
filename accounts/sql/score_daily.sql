-- Question: how often did each developer use each metric on each day? The first part of
--   score_use_points.sql, for whole workspaces.
-- workspaces: those; above, upto: developers with ids above and up to these; since,
--   until: the day after which and the last day that count. NULL is no bound.
-- Index: usage_by_day, or a scan of the table. Cost: linear in the rows of usage.
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
        AND (%(above)s::bigint IS NULL OR usage.developer_id > %(above)s::bigint)
        AND (%(upto)s::bigint IS NULL OR usage.developer_id <= %(upto)s::bigint)
        AND (%(since)s::date IS NULL OR usage.day > %(since)s::date)
        AND (%(until)s::date IS NULL OR usage.day <= %(until)s::date)
    GROUP BY
        usage.workspace_id, usage.developer_id, usage.day, usage.metric_id
),
