-- Question: none; gives developers a row in the scores, to be locked before it is
--   computed. Without it two workers could each write what they read before the other
--   committed. Developers that are being deleted are waited for and left out.
-- Index: primary keys, in id order, so that workers never wait for each other in turn.
-- Cost: linear in the developers; writes only the rows that are missing.
INSERT INTO accounts_developerscore (
    developer_id, workspace_id, points, model_version, last_active_on, scored_at
)
SELECT
    developer.id,
    developer.workspace_id,
    0,
    0,
    current_date,
    to_timestamp(0)
FROM accounts_developer AS developer
WHERE developer.id = ANY(%(developers)s::bigint[])
ORDER BY developer.id
FOR KEY SHARE
ON CONFLICT (developer_id) DO NOTHING
