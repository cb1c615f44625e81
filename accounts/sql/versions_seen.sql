-- Question: none; notes which versions identities were seen with. A row is written when
-- it is new or a time moves to another UTC day, and its product is queued for counting:
-- exact times would rewrite everybody in each batch, and cost a digest a third.
-- Versions come once each, and rows name them by their place; times are microseconds.
-- Index: primary key. Cost: one probe per identity, product and version of the batch; a
-- subquery, so that the planner never reads the whole table to join it. Rows go in
-- sorted, so that two digests wait for each other in one order.
WITH batch AS (
    SELECT
        u.workspace_id, u.identity_id, u.product_id,
        (%(versions)s::text[])[u.place] AS version,
        to_timestamp(u.first_at / 1e6) AS first_at,
        to_timestamp(u.last_at / 1e6) AS last_at
    FROM unnest(
        %(workspaces)s::bigint[],
        %(identities)s::bigint[],
        %(products)s::bigint[],
        %(places)s::int[],
        %(firsts)s::bigint[],
        %(lasts)s::bigint[]
    ) AS u (workspace_id, identity_id, product_id, place, first_at, last_at)
),
written AS (
    INSERT INTO accounts_versionseen AS known (
        workspace_id, identity_id, product_id, version, first_seen_at, last_seen_at
    )
    SELECT workspace_id, identity_id, product_id, version, first_at, last_at
    FROM batch
    WHERE (
        SELECT
            k.first_seen_at < date_trunc('day', batch.first_at, 'UTC') + interval '1 day'
            AND k.last_seen_at >= date_trunc('day', batch.last_at, 'UTC')
        FROM accounts_versionseen AS k
        WHERE
            k.identity_id = batch.identity_id
            AND k.product_id = batch.product_id
            AND k.version = batch.version
    ) IS NOT TRUE
    ORDER BY identity_id, product_id, version
    ON CONFLICT (identity_id, product_id, version) DO UPDATE SET
        first_seen_at = least(known.first_seen_at, excluded.first_seen_at),
        last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at)
    RETURNING workspace_id, product_id
)
INSERT INTO accounts_versionschanged (workspace_id, product_id)
SELECT DISTINCT workspace_id, product_id
FROM written
