-- Question: at which ids do batches of a workspace's developers end? The last batch
--   ends nowhere. size: developers of a batch.
-- Index: primary key, or developer_by_seen for a small workspace.
-- Cost: one pass over the workspace's developers.
SELECT
    numbered.id,
    numbered.number
FROM (
    SELECT
        developer.id,
        row_number() OVER (ORDER BY developer.id) AS number
    FROM accounts_developer AS developer
    WHERE developer.workspace_id = %(workspace)s
) AS numbered
WHERE numbered.number %% %(size)s = 0
ORDER BY numbered.id
