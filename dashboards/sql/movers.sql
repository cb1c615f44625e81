-- Question: which accounts' scores rose and fell most since a day? A score without a
--   snapshot was under half a point: zero. No snapshot at all tells nothing.
-- Index: account_score_order (workspace, …); snapshot_by_day (workspace, day).
-- Cost: one row per scored account of the workspace.
WITH compared AS (
    SELECT s.account_id,
           -100 * (exp(-least(s.points * %(factor)s::float8 / %(scale)s::float8, 700)) - 1)
               AS now,
           coalesce(n.score, 0) AS before,
           count(n.account_id) OVER () AS snapshots
    FROM accounts_accountscore AS s
    LEFT JOIN accounts_scoresnapshot AS n
           ON n.account_id = s.account_id
          AND n.workspace_id = s.workspace_id
          AND n.day = %(day)s
    WHERE s.workspace_id = %(workspace)s
),
ranked AS (
    SELECT *,
           row_number() OVER (ORDER BY now - before DESC, account_id) AS rising,
           row_number() OVER (ORDER BY now - before, account_id) AS falling
    FROM compared
)
SELECT r.account_id, a.name, a.domain, r.now, r.before
FROM ranked AS r
JOIN accounts_account AS a ON a.id = r.account_id
WHERE r.snapshots > 0
  AND (   (r.rising <= %(limit)s AND r.now - r.before >= 0.5)
       OR (r.falling <= %(limit)s AND r.before - r.now >= 0.5))
ORDER BY r.now - r.before DESC, r.account_id
