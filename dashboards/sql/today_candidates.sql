-- Question: which accounts may be among the first on a member's Today page, and what
--   does their rank rest on? The warmest, those of each trend by score, the latest to
--   enter each stage, and the warmest of those done before; of each kind so many,
--   without those put aside or on an exclude list.
-- Index: account_score_order, account_trend_order and stage_entry_entered find them,
--   today_mark_once and the entries of lists by account leave out; what is told of
--   them comes by stage_entry_account_now and snapshot_account_day_once.
-- Cost: some hundred accounts, however many the workspace has.
WITH candidate AS (
    (
        SELECT score.account_id
        FROM accounts_accountscore AS score
        WHERE score.workspace_id = %(workspace)s
            AND NOT EXISTS (
                SELECT FROM accounts_todaymark AS mark
                WHERE mark.user_id = %(user)s
                    AND mark.account_id = score.account_id
                    AND (mark.until IS NULL OR mark.until > %(now)s)
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
                    SELECT FROM accounts_todaymark AS mark
                    WHERE mark.user_id = %(user)s
                        AND mark.account_id = score.account_id
                        AND (mark.until IS NULL OR mark.until > %(now)s)
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
                    SELECT FROM accounts_todaymark AS mark
                    WHERE mark.user_id = %(user)s
                        AND mark.account_id = entry.account_id
                        AND (mark.until IS NULL OR mark.until > %(now)s)
                        AND (mark.kind <> 'done' OR mark.made_at >= entry.entered_at)
                )
            ORDER BY entry.entered_at DESC
            LIMIT %(each)s
        ) AS moved
        WHERE stage.workspace_id = %(workspace)s
            AND stage.subject = 'account'
            AND stage.removed_at IS NULL
    )
    UNION
    (
        -- They may have changed since; whether they did is seen from their history.
        SELECT mark.account_id
        FROM accounts_todaymark AS mark
        JOIN accounts_accountscore AS score ON score.account_id = mark.account_id
        WHERE mark.workspace_id = %(workspace)s
            AND mark.user_id = %(user)s
            AND mark.kind = 'done'
        ORDER BY score.points DESC, score.account_id DESC
        LIMIT %(each)s
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
WHERE NOT EXISTS (
        SELECT
        FROM accounts_listentry AS listed
        JOIN accounts_curatedlist AS list ON list.id = listed.curated_list_id
        WHERE listed.account_id = account.id AND list.is_exclude
    )
    AND (%(product)s::bigint IS NULL OR EXISTS (
        SELECT
        FROM accounts_developer AS developer
        JOIN accounts_dailyusage AS usage ON usage.developer_id = developer.id
        WHERE developer.account_id = account.id
            AND usage.product_id = %(product)s::bigint
            AND usage.day >= %(used_since)s
    ))
