-- Question: whose are the apps that a batch names, and what may they do?
-- Index: the unique one of accounts_appid.folded_id. Cost: one probe per distinct app.
SELECT
    app.folded_id, app.workspace_id, workspace.slug, app.is_enabled,
    app.product_id, product.key
FROM accounts_appid AS app
JOIN accounts_workspace AS workspace ON workspace.id = app.workspace_id
JOIN accounts_product AS product ON product.id = app.product_id
WHERE app.folded_id = ANY (%(app_ids)s::text[])
