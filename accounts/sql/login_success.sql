-- Question: take back one attempt that was right; forget the pair and what is past.
-- Index: primary key; the clearing reads the whole table, which holds some minutes.
-- Cost: one pass over a small table per log-in. Rows that others hold are skipped.
WITH mine AS (
    SELECT bucket
    FROM accounts_loginattempts
    WHERE bucket = ANY(%(buckets)s::uuid[])
       OR since < now() - make_interval(secs => %(seconds)s)
    ORDER BY bucket
    FOR UPDATE SKIP LOCKED
),
gone AS (
    DELETE FROM accounts_loginattempts AS l
    USING mine
    WHERE l.bucket = mine.bucket
      AND (l.bucket = %(pair)s::uuid OR l.since < now() - make_interval(secs => %(seconds)s))
)
UPDATE accounts_loginattempts AS l
SET attempts = greatest(l.attempts - 1, 0)
FROM mine
WHERE l.bucket = mine.bucket
  AND l.bucket <> %(pair)s::uuid
  AND l.since >= now() - make_interval(secs => %(seconds)s)
