-- Question: how many points has the median developer, and the median account, that
--   was active since a day? As stored, decayed to the landmark; counts beside them.
-- Index: developer_score_order and account_score_order by workspace.
-- Cost: one pass over the workspace's scores.
SELECT
    developer.middle,
    developer.number,
    account.middle,
    account.number
FROM (
    SELECT
        percentile_cont(0.5) WITHIN GROUP (ORDER BY score.points) AS middle,
        count(*) AS number
    FROM accounts_developerscore AS score
    INNER JOIN accounts_developer AS person ON person.id = score.developer_id
    WHERE
        score.workspace_id = %(workspace)s
        AND score.last_active_on >= %(since)s::date
        AND score.points > 0
        AND NOT person.is_aggregate
) AS developer
CROSS JOIN (
    SELECT
        percentile_cont(0.5) WITHIN GROUP (ORDER BY score.points) AS middle,
        count(*) AS number
    FROM accounts_accountscore AS score
    WHERE
        score.workspace_id = %(workspace)s
        AND score.last_active_on >= %(since)s::date
        AND score.points > 0
) AS account
