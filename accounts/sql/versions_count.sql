-- Question: how many developers and accounts run each version of a product, and how many
-- accounts were never seen with one that is current? A developer runs the version seen
-- last, the newer of two seen at one time; an account runs what its developers run.
-- Versions come with their place, the newest the highest, and whether they are current.
-- Index: version_seen_who; then identities and developers are read whole and joined.
-- Cost: everybody seen with the product; two seconds for a million.
WITH known AS (
    SELECT version, place, is_current
    FROM unnest(%(versions)s::text[], %(places)s::int[], %(current)s::boolean[])
        AS u (version, place, is_current)
),
seen AS (
    SELECT
        identity.developer_id,
        (max(ARRAY[
            extract(epoch FROM seen.last_seen_at)::double precision,
            known.place::double precision
        ]))[2]::int AS place,
        bool_or(known.is_current) AS is_current
    FROM accounts_versionseen AS seen
    JOIN known ON known.version = seen.version
    JOIN accounts_identity AS identity ON identity.id = seen.identity_id
    WHERE seen.product_id = %(product)s
    GROUP BY identity.developer_id
),
placed AS (
    SELECT seen.place, seen.is_current, developer.account_id, developer.is_aggregate
    FROM seen
    JOIN accounts_developer AS developer ON developer.id = seen.developer_id
),
by_account AS (
    SELECT
        place,
        account_id,
        count(*) FILTER (WHERE NOT is_aggregate) AS developers
    FROM placed
    GROUP BY place, account_id
)
SELECT
    place,
    sum(developers)::bigint AS developers,
    count(account_id) AS accounts,
    NULL::bigint AS behind
FROM by_account
GROUP BY place
UNION ALL
SELECT NULL, NULL, count(*), count(*) FILTER (WHERE NOT is_current)
FROM (
    SELECT account_id, bool_or(is_current) AS is_current
    FROM placed
    WHERE account_id IS NOT NULL
    GROUP BY account_id
) AS accounts
