-- Question: how many points does each account have? Sums up its developers and adds
--   the bonus for breadth; their lifetime values as they are.
-- accounts: NULL is all of the workspaces.
-- Index: developers by account, primary key of their scores.
-- Cost: one grouping of the developers, one write per account.
INSERT INTO accounts_accountscore (
    account_id, workspace_id, points, effective_developers, active_developers,
    lifetime_value, model_version, last_active_on, scored_at
)
SELECT
    summed.account_id,
    summed.workspace_id,
    summed.points
    * (1 + model.breadth_bonus * ln(summed.effective) / ln(2::float8)),
    summed.effective,
    summed.people,
    summed.worth,
    model.version,
    summed.last_active_on,
    %(now)s
FROM (
    SELECT
        developer.account_id,
        developer.workspace_id,
        sum(score.points) AS points,
        coalesce(greatest(
            power(sum(score.points) FILTER (WHERE NOT developer.is_aggregate), 2)
            / nullif(
                sum(score.points * score.points)
                FILTER (WHERE NOT developer.is_aggregate),
                0
            ),
            1
        ), 1) AS effective,
        count(*) FILTER (
            WHERE NOT developer.is_aggregate AND score.points > 0
        ) AS people,
        sum(score.lifetime_value) AS worth,
        max(score.last_active_on) AS last_active_on
    FROM accounts_developer AS developer
    INNER JOIN accounts_developerscore AS score ON score.developer_id = developer.id
    WHERE
        developer.workspace_id = ANY(%(workspaces)s::bigint[])
        AND developer.account_id IS NOT NULL
        AND (
            %(accounts)s::bigint[] IS NULL
            OR developer.account_id = ANY(%(accounts)s::bigint[])
        )
    GROUP BY developer.account_id, developer.workspace_id
) AS summed
INNER JOIN accounts_scoremodel AS model
    ON
        model.workspace_id = summed.workspace_id
        AND model.id = ANY(%(models)s::bigint[])
ORDER BY summed.account_id
ON CONFLICT (account_id) DO UPDATE SET
    points = excluded.points,
    effective_developers = excluded.effective_developers,
    active_developers = excluded.active_developers,
    lifetime_value = excluded.lifetime_value,
    model_version = excluded.model_version,
    last_active_on = excluded.last_active_on,
    scored_at = excluded.scored_at
