-- Question: none; queues developers and accounts whose scores changed, to be judged.
-- Index: primary keys. Cost: one probe and one write for each.
INSERT INTO accounts_rescored (workspace_id, subject, subject_id)
SELECT d.workspace_id, 'developer', d.id
FROM accounts_developer AS d
WHERE d.id = ANY (%(developers)s::bigint[]) AND NOT d.is_aggregate
UNION ALL
SELECT a.workspace_id, 'account', a.id
FROM accounts_account AS a
WHERE a.id = ANY (%(accounts)s::bigint[])
