-- Question: how many developers and accounts were active on each day? Distinct on the
--   day; the days do not add up to a week.
-- Index: usage_by_day (workspace, day, developer), an index-only scan; developers by
--   primary key.
-- Cost: one row per developer and active day of the period.
WITH used AS (
    SELECT DISTINCT day, developer_id
    FROM accounts_dailyusage
    WHERE workspace_id = %(workspace)s
      AND day BETWEEN %(first)s AND %(last)s
)
SELECT used.day,
       count(*) FILTER (WHERE NOT d.is_aggregate) AS developers,
       count(DISTINCT d.account_id) AS accounts
FROM used
JOIN accounts_developer AS d ON d.id = used.developer_id
GROUP BY used.day
