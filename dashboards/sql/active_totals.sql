-- Question: how many different developers and accounts were active in a period, and in
--   the period just before it?
-- Index: usage_by_day (workspace, day, developer), an index-only scan; developers by
--   primary key.
-- Cost: one row per developer and active day of both periods, grouped to developers.
WITH used AS (
    SELECT developer_id,
           bool_or(day >= %(first)s) AS is_now,
           bool_or(day < %(first)s) AS was_before
    FROM accounts_dailyusage
    WHERE workspace_id = %(workspace)s
      AND day BETWEEN %(before)s AND %(last)s
    GROUP BY developer_id
)
SELECT count(*) FILTER (WHERE is_now AND NOT d.is_aggregate) AS developers_now,
       count(*) FILTER (WHERE was_before AND NOT d.is_aggregate) AS developers_before,
       count(DISTINCT d.account_id) FILTER (WHERE is_now) AS accounts_now,
       count(DISTINCT d.account_id) FILTER (WHERE was_before) AS accounts_before
FROM used
JOIN accounts_developer AS d ON d.id = used.developer_id
