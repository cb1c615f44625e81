-- Question: which accounts may be among the first on a member's Today page, and what
--   does their rank rest on? The warmest, those of each trend by score, and the latest
--   to enter each stage; of each kind so many, without those put aside or excluded.
-- Index: account_score_order, account_trend_order and stage_entry_entered find them;
--   stage_entry_account_now and snapshot_account_day_once tell the rest.
-- Cost: some hundred accounts, however many the workspace has.
WITH aside AS MATERIALIZED (
    SELECT account_id
    FROM accounts_todaymark
    WHERE workspace_id = %(workspace)s
        AND user_id = %(user)s
        AND (kind = 'not_relevant' OR (kind = 'snoozed' AND until > %(now)s))
    UNION
    SELECT entry.account_id
    FROM accounts_curatedlist AS list
    JOIN accounts_listentry AS entry ON entry.curated_list_id = list.id
    WHERE list.workspace_id = %(workspace)s
        AND list.is_exclude
        AND entry.account_id IS NOT NULL
),
candidate AS (
    (
        SELECT score.account_id
        FROM accounts_accountscore AS score
        WHERE score.workspace_id = %(workspace)s
            AND NOT EXISTS (
                SELECT FROM aside WHERE aside.account_id = score.account_id
            )
        ORDER BY score.points DESC, score.account_id DESC
        LIMIT %(each)s
    )
    UNION
    (
        SELECT warm.account_id
        FROM unnest(%(trends)s::text[]) AS wanted (trend)
        CROSS JOIN LATERAL (
            SELECT score.account_id
            FROM accounts_accountscore AS score
            WHERE score.workspace_id = %(workspace)s
                AND score.trend = wanted.trend
                AND score.trend <> 'steady'
                AND NOT EXISTS (
                    SELECT FROM aside WHERE aside.account_id = score.account_id
                )
            ORDER BY score.points DESC, score.account_id DESC
            LIMIT %(each)s
        ) AS warm
    )
    UNION
    (
        SELECT moved.account_id
        FROM accounts_stage AS stage
        CROSS JOIN LATERAL (
            SELECT entry.account_id
            FROM accounts_stageentry AS entry
            WHERE entry.stage_id = stage.id
                AND entry.entered_at >= %(since)s
                AND entry.left_at IS NULL
                AND entry.account_id IS NOT NULL
                AND NOT EXISTS (
                    SELECT FROM aside WHERE aside.account_id = entry.account_id
                )
            ORDER BY entry.entered_at DESC
            LIMIT %(each)s
        ) AS moved
        WHERE stage.workspace_id = %(workspace)s
            AND stage.subject = 'account'
            AND stage.removed_at IS NULL
    )
)
SELECT
    account.id,
    account.name,
    account.domain,
    account.fit,
    account.fit_points,
    account.first_seen_at,
    coalesce(score.points, 0),
    coalesce(score.trend, 'steady'),
    score.last_active_on,
    stage.id,
    stage.name,
    entry.entered_at,
    done.made_at,
    history.days,
    history.scores
FROM candidate
JOIN accounts_account AS account ON account.id = candidate.account_id
LEFT JOIN accounts_accountscore AS score ON score.account_id = account.id
LEFT JOIN accounts_stageentry AS entry
    ON entry.account_id = account.id AND entry.left_at IS NULL
LEFT JOIN accounts_stage AS stage ON stage.id = entry.stage_id
LEFT JOIN accounts_todaymark AS done
    ON done.account_id = account.id
    AND done.user_id = %(user)s
    AND done.kind = 'done'
LEFT JOIN LATERAL (
    SELECT
        array_agg(snapshot.day) AS days,
        array_agg(snapshot.score) AS scores
    FROM accounts_scoresnapshot AS snapshot
    WHERE snapshot.account_id = account.id AND snapshot.day >= %(first)s
) AS history ON TRUE
WHERE %(product)s::bigint IS NULL
    OR EXISTS (
        SELECT
        FROM accounts_developer AS developer
        JOIN accounts_dailyusage AS usage ON usage.developer_id = developer.id
        WHERE developer.account_id = account.id
            AND usage.product_id = %(product)s::bigint
            AND usage.day >= %(used_since)s
    )
