-- Question: how far did the scores of these accounts move, now that a day has passed?
--   Writes what changed.
-- Index: those of score_account_sums.sql; primary key of the accounts' scores.
-- Cost: that of score_account_sums.sql and one write per change.
-- include account_sums
-- include trend
UPDATE accounts_accountscore AS score
SET
    change_7d = judged.change_7d,
    trend = judged.trend,
    trend_on = %(today)s::date
FROM judged
WHERE
    score.account_id = judged.account_id
    AND (
        score.trend_on IS NULL
        OR (score.change_7d, score.trend)
        IS DISTINCT FROM (judged.change_7d, judged.trend)
    )
