-- Question: which identities showed a sign of a company that is new, or not seen for an
-- hour? Notes the signs; times are microseconds since 1970.
-- Index: primary key. Cost: one probe per identity and sign of the batch. Rows go in
-- sorted, so that two digests wait for each other in one order.
WITH batch AS (
    SELECT
        u.workspace_id, u.identity_id, u.kind, u.value,
        to_timestamp(u.first_at / 1e6) AS first_at,
        to_timestamp(u.last_at / 1e6) AS last_at
    FROM unnest(
        %(workspaces)s::bigint[],
        %(identities)s::bigint[],
        %(kinds)s::text[],
        %(values)s::text[],
        %(firsts)s::bigint[],
        %(lasts)s::bigint[]
    ) AS u (workspace_id, identity_id, kind, value, first_at, last_at)
),
written AS (
    INSERT INTO accounts_companysign AS known (
        workspace_id, identity_id, kind, value, first_seen_at, last_seen_at
    )
    SELECT workspace_id, identity_id, kind, value, first_at, last_at
    FROM batch
    WHERE (
        SELECT
            k.first_seen_at <= batch.first_at + interval '1 hour'
            AND k.last_seen_at >= batch.last_at - interval '1 hour'
        FROM accounts_companysign AS k
        WHERE
            k.identity_id = batch.identity_id
            AND k.kind = batch.kind
            AND k.value = batch.value
    ) IS NOT TRUE
    ORDER BY identity_id, kind, value
    ON CONFLICT (identity_id, kind, value) DO UPDATE SET
        first_seen_at = least(known.first_seen_at, excluded.first_seen_at),
        last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at)
    RETURNING workspace_id, identity_id
)
SELECT DISTINCT workspace_id, identity_id
FROM written
