-- Question: which of these identities opted out, and which were erased, until when?
-- Times are microseconds since 1970.
-- Index: opt_out_once, erasure_newest. Cost: a probe per identity, and the erasures
-- of the last moments.
SELECT digest, 'infinity'::float8 AS until
FROM accounts_optout
WHERE workspace_id = %(workspace)s AND digest = ANY (%(digests)s::uuid[])
UNION ALL
SELECT digest, max(extract(epoch FROM at)::float8) * 1e6
FROM accounts_erasure, unnest(digests) AS digest
WHERE
    workspace_id = %(workspace)s
    AND at >= %(oldest)s
    AND digest = ANY (%(digests)s::uuid[])
GROUP BY digest
