-- Question: how many points does each account have, and where is its score going?
-- Index: those of score_account_sums.sql; primary key of the accounts' scores.
-- Cost: that of score_account_sums.sql and one write per account.
-- include account_sums
-- include trend
INSERT INTO accounts_accountscore (
    account_id, workspace_id, points, effective_developers, active_developers,
    lifetime_value, model_version, last_active_on, scored_at, change_7d, trend,
    trend_on
)
SELECT
    judged.account_id,
    judged.workspace_id,
    judged.points,
    judged.effective,
    judged.people,
    judged.worth,
    judged.version,
    judged.last_active_on,
    %(now)s,
    judged.change_7d,
    judged.trend,
    %(today)s::date
FROM judged
ORDER BY judged.account_id
ON CONFLICT (account_id) DO UPDATE SET
    points = excluded.points,
    effective_developers = excluded.effective_developers,
    active_developers = excluded.active_developers,
    lifetime_value = excluded.lifetime_value,
    model_version = excluded.model_version,
    last_active_on = excluded.last_active_on,
    scored_at = excluded.scored_at,
    change_7d = excluded.change_7d,
    trend = excluded.trend,
    trend_on = excluded.trend_on
