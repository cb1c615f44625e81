-- Question: what was the score of each account at the end of each day of a range?
--   Computed from usage, so any past day can be written again. Follows
--   score_use_points.sql; until is the last day.
-- Index: usage_by_day or a scan; primary key of developers.
-- Cost: one pass over the usage up to the last day, whatever the length of the range,
--   and one row per account and day. Running sums do it: Σp of an account grows by
--   what its developers gain, Σp² by 2·(p before)·gain + gain².
, gain AS (
    SELECT
        use_points.developer_id,
        greatest(use_points.day, %(first)s::date) AS day,
        sum(use_points.points) AS points
    FROM use_points
    GROUP BY use_points.developer_id, greatest(use_points.day, %(first)s::date)
),
grown AS (
    SELECT
        gain.developer_id,
        gain.day,
        gain.points,
        coalesce(
            sum(gain.points) OVER (
                PARTITION BY gain.developer_id
                ORDER BY gain.day
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            0
        ) AS before
    FROM gain
),
account_gain AS (
    SELECT
        developer.workspace_id,
        developer.account_id,
        grown.day,
        sum(grown.points) AS points,
        coalesce(
            sum(grown.points) FILTER (WHERE NOT developer.is_aggregate), 0
        ) AS people_points,
        coalesce(
            sum(grown.points * (2 * grown.before + grown.points))
            FILTER (WHERE NOT developer.is_aggregate),
            0
        ) AS squares
    FROM grown
    INNER JOIN accounts_developer AS developer ON developer.id = grown.developer_id
    WHERE developer.account_id IS NOT NULL
    GROUP BY developer.workspace_id, developer.account_id, grown.day
),
account_day AS (
    SELECT
        seen.workspace_id,
        seen.account_id,
        calendar.day::date AS day
    FROM (
        SELECT
            account_gain.workspace_id,
            account_gain.account_id,
            min(account_gain.day) AS first_on
        FROM account_gain
        GROUP BY account_gain.workspace_id, account_gain.account_id
    ) AS seen
    CROSS JOIN LATERAL generate_series(
        seen.first_on::timestamp, %(until)s::timestamp, interval '1 day'
    ) AS calendar (day)
),
running AS (
    SELECT
        account_day.workspace_id,
        account_day.account_id,
        account_day.day,
        sum(account_gain.points) OVER upto AS points,
        sum(account_gain.people_points) OVER upto AS people_points,
        sum(account_gain.squares) OVER upto AS squares
    FROM account_day
    LEFT JOIN account_gain
        ON
            account_gain.account_id = account_day.account_id
            AND account_gain.day = account_day.day
    WINDOW upto AS (PARTITION BY account_day.account_id ORDER BY account_day.day)
),
present AS (
    SELECT
        running.workspace_id,
        running.account_id,
        running.day,
        model.version,
        model.account_scale,
        running.points
        * (
            1 + model.breadth_bonus * ln(coalesce(greatest(
                running.people_points * running.people_points
                / nullif(running.squares, 0),
                1
            ), 1)) / ln(2::float8)
        )
        * power(
            2::float8,
            least(greatest(
                (model.landmark - running.day) / model.half_life_days, -200
            ), 200)
        ) AS points
    FROM running
    INNER JOIN accounts_scoremodel AS model
        ON
            model.workspace_id = running.workspace_id
            AND model.id = ANY(%(models)s::bigint[])
),
scored AS (
    SELECT
        present.*,
        100 * (1 - exp(-least(present.points / present.account_scale, 700))) AS score
    FROM present
)
INSERT INTO accounts_scoresnapshot (
    workspace_id, day, account_id, points, score, model_version
)
SELECT
    scored.workspace_id,
    scored.day,
    scored.account_id,
    scored.points,
    scored.score,
    scored.version
FROM scored
WHERE scored.score >= %(smallest)s::float8
