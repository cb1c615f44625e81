-- Question: none; gives accounts a row in the scores, to be locked before it is summed
--   up, as score_lock_developers.sql does for developers.
-- Index: primary keys, in id order.
-- Cost: linear in the accounts; writes only the rows that are missing.
INSERT INTO accounts_accountscore (
    account_id, workspace_id, points, effective_developers, active_developers,
    model_version, last_active_on, scored_at
)
SELECT
    account.id,
    account.workspace_id,
    0,
    1,
    0,
    0,
    current_date,
    to_timestamp(0)
FROM accounts_account AS account
WHERE account.id = ANY(%(accounts)s::bigint[])
ORDER BY account.id
FOR KEY SHARE
ON CONFLICT (account_id) DO NOTHING
