-- Question: register metrics of dialects in which an unseen metric is a new one.
-- Index: metric_key_once. Cost: one probe and insert per unseen metric; sorted.
INSERT INTO accounts_metric (
    workspace_id, key, folded_key, label, level, weight, adds_to_lifetime_value,
    created_at
)
SELECT
    b.workspace, b.key, b.folded, b.key, %(level)s, %(weight)s, b.adds_value, now()
FROM unnest(
    %(workspaces)s::bigint[],
    %(keys)s::text[],
    %(folded)s::text[],
    %(add_value)s::boolean[]
) AS b (workspace, key, folded, adds_value)
ORDER BY b.workspace, b.folded
ON CONFLICT (workspace_id, folded_key) DO NOTHING
