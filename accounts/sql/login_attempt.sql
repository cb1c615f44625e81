-- Question: how often was this tried within the window, this time included?
-- Index: primary key of accounts_loginattempts.
-- Cost: three index probes and three row writes; sorted, so that two never deadlock.
INSERT INTO accounts_loginattempts AS l (bucket, since, attempts)
SELECT bucket, now(), 1
FROM unnest(%(buckets)s::uuid[]) AS b (bucket)
ORDER BY bucket
ON CONFLICT (bucket) DO UPDATE SET
    attempts = CASE
        WHEN l.since < now() - make_interval(secs => %(seconds)s) THEN 1
        ELSE l.attempts + 1
    END,
    since = CASE
        WHEN l.since < now() - make_interval(secs => %(seconds)s) THEN now()
        ELSE l.since
    END
RETURNING bucket, attempts, since
