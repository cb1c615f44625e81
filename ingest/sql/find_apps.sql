-- Whose are these apps, and may they send? Answers only those that somebody has.
-- Index: the unique one of accounts_appid.folded_id. Cost: one probe per app.
SELECT app.folded_id::text, app.workspace_id, workspace.slug::text, app.is_enabled
FROM accounts_appid AS app
JOIN accounts_workspace AS workspace ON workspace.id = app.workspace_id
WHERE app.folded_id = ANY (%(app_ids)s::text[])
