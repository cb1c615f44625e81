-- Question: how many points do accounts have, now and a week ago as stored? Sums up
--   their developers and adds the bonus for breadth; lifetime values as they are. The
--   beginning of other statements.
-- accounts: NULL is all of the workspaces.
-- Index: developers by account, primary key of their scores.
-- Cost: one grouping of the developers.
WITH summed AS (
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
        sum(score.points_before) AS points_before,
        coalesce(greatest(
            power(
                sum(score.points_before) FILTER (WHERE NOT developer.is_aggregate),
                2
            )
            / nullif(
                sum(score.points_before * score.points_before)
                FILTER (WHERE NOT developer.is_aggregate),
                0
            ),
            1
        ), 1) AS effective_before,
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
),
moved AS (
    SELECT
        summed.account_id,
        summed.workspace_id,
        account.first_seen_at,
        summed.points
        * (1 + model.breadth_bonus * ln(summed.effective) / ln(2::float8)) AS points,
        summed.points_before
        * (1 + model.breadth_bonus * ln(summed.effective_before) / ln(2::float8))
            AS points_before,
        summed.effective,
        summed.people,
        summed.worth,
        summed.last_active_on,
        model.version,
        model.landmark,
        model.half_life_days,
        model.medium_from,
        model.account_scale AS scale
    FROM summed
    INNER JOIN accounts_account AS account ON account.id = summed.account_id
    INNER JOIN accounts_scoremodel AS model
        ON
            model.workspace_id = summed.workspace_id
            AND model.id = ANY(%(models)s::bigint[])
)
