-- Write the fit of some accounts anew.
-- Index: the primary key. Cost: one row written per account. Locked in order of ids,
-- as digests lock them, so that the two never wait for each other in a circle.
WITH held AS (
    SELECT id
    FROM accounts_account
    WHERE id = ANY(%(ids)s::bigint[])
    ORDER BY id
    FOR NO KEY UPDATE
)
UPDATE accounts_account AS account
SET fit = rated.fit, fit_points = rated.points
FROM held
JOIN unnest(%(ids)s::bigint[], %(fits)s::text[], %(points)s::double precision[])
    AS rated (id, fit, points) ON rated.id = held.id
WHERE account.id = held.id
