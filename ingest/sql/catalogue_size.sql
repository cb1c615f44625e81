-- Question: how many metrics and products do these workspaces have?
-- Index: metric_key_once, product_key_once. Cost: their entries, which are bounded.
SELECT
    w.id,
    (SELECT count(*) FROM accounts_metric AS m WHERE m.workspace_id = w.id),
    (SELECT count(*) FROM accounts_product AS p WHERE p.workspace_id = w.id)
FROM unnest(%(workspaces)s::bigint[]) AS w (id)
