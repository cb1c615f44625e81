-- Which workspace has this slug?
-- Index: the unique one of accounts_workspace.slug. Cost: one row.
SELECT id, slug::text FROM accounts_workspace WHERE slug = %(slug)s::text
