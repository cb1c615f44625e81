-- Question: what does everybody score now, and what by the draft? Both as shown, with
--   one decimal. People only; whoever scores nothing either way is left out.
-- factor, developer_scale, account_scale: of the version in force; new_…: of the draft.
-- Index: those by workspace. Cost: one pass over the scores and the developers.
WITH summed AS (
    SELECT
        developer.account_id,
        sum(preview.points) AS points,
        coalesce(greatest(
            power(sum(preview.points) FILTER (WHERE NOT developer.is_aggregate), 2)
            / nullif(
                sum(preview.points * preview.points)
                FILTER (WHERE NOT developer.is_aggregate),
                0
            ),
            1
        ), 1) AS effective
    FROM score_preview_developer AS preview
    INNER JOIN accounts_developer AS developer
        ON developer.id = preview.developer_id
    WHERE developer.account_id IS NOT NULL
    GROUP BY developer.account_id
),
compared AS (
    SELECT
        TRUE AS is_account,
        coalesce(summed.account_id, score.account_id) AS id,
        coalesce(score.points, 0) * %(factor)s::float8 / %(account_scale)s::float8
            AS before,
        coalesce(summed.points, 0)
        * (
            1 + %(new_breadth_bonus)s::float8
            * ln(coalesce(summed.effective, 1)) / ln(2::float8)
        )
        / %(new_account_scale)s::float8 AS after
    FROM summed
    FULL OUTER JOIN (
        SELECT stored.account_id, stored.points
        FROM accounts_accountscore AS stored
        WHERE stored.workspace_id = %(workspace)s
    ) AS score ON score.account_id = summed.account_id
    UNION ALL
    SELECT
        FALSE,
        developer.id,
        coalesce(score.points, 0) * %(factor)s::float8 / %(developer_scale)s::float8,
        coalesce(preview.points, 0) / %(new_developer_scale)s::float8
    FROM score_preview_developer AS preview
    FULL OUTER JOIN (
        SELECT stored.developer_id, stored.points
        FROM accounts_developerscore AS stored
        WHERE stored.workspace_id = %(workspace)s
    ) AS score ON score.developer_id = preview.developer_id
    INNER JOIN accounts_developer AS developer
        ON developer.id = coalesce(preview.developer_id, score.developer_id)
    WHERE NOT developer.is_aggregate
),
shown AS (
    SELECT
        compared.is_account,
        compared.id,
        round(1000 * (1 - exp(-least(compared.before, 700)))) / 10 AS before,
        round(1000 * (1 - exp(-least(compared.after, 700)))) / 10 AS after
    FROM compared
)
INSERT INTO score_preview (is_account, id, before, after)
SELECT
    shown.is_account,
    shown.id,
    shown.before,
    shown.after
FROM shown
WHERE shown.before > 0 OR shown.after > 0
