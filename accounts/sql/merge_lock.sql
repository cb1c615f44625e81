-- Question: none; locks developers in the order of their ids, before anything of theirs
-- is locked: scoring takes them in that order too.
-- Index: primary key. Cost: one probe per developer.
SELECT id
FROM accounts_developer
WHERE id = ANY (%(developers)s::bigint[]) AND workspace_id = %(workspace)s
ORDER BY id
FOR UPDATE
