-- What does the reamaze dialect need to know of a workspace, found by slug or by id
-- ('' and 0 for "not asked")?
-- Index: primary key and the unique one of accounts_workspace.slug. Cost: one row.
SELECT id, slug::text, reamaze_authkey_alone, reamaze_sso_sealed
FROM accounts_workspace
WHERE slug = %(slug)s::text OR id = %(id)s::bigint
