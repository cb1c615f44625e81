-- Question: note when keys were last used, at the grain of a minute.
-- Index: primary key of accounts_apikey.
-- Cost: one index probe per key of the batch; writes a row at most once a minute.
-- Rows that somebody else holds are skipped: the next batch will note them.
WITH used AS (
    SELECT id, max(at) AS at
    FROM unnest(%(ids)s::bigint[], %(times)s::timestamptz[]) AS u (id, at)
    GROUP BY id
),
free AS (
    SELECT k.id, used.at
    FROM accounts_apikey AS k
    JOIN used ON used.id = k.id
    WHERE k.last_used_at IS NULL OR k.last_used_at < used.at - interval '1 minute'
    FOR UPDATE OF k SKIP LOCKED
)
UPDATE accounts_apikey AS k
SET last_used_at = free.at
FROM free
WHERE k.id = free.id
