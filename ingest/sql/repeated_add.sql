-- Question: which of these repeated events have come so often by now that it is a burst?
-- Adds to their counts; after a pause counting begins anew.
-- Index: primary key of repeats, identity_once. Cost: two probes and a write per key,
-- of at most some hundred in a batch. Rows go in sorted, so that two digests wait for
-- each other in one order, and each sees the sum of both.
WITH written AS (
    INSERT INTO ingest_repeatedevent AS known (
        workspace_id, key, identity_id, product, event_id, dialect, count, first_at,
        last_at
    )
    SELECT
        u.workspace_id, u.key, identity.id, u.product, u.event_id, u.dialect, u.count,
        to_timestamp(u.first_at), to_timestamp(u.last_at)
    FROM unnest(
        %(workspaces)s::bigint[],
        %(keys)s::uuid[],
        %(kinds)s::text[],
        %(values)s::text[],
        %(products)s::text[],
        %(event_ids)s::text[],
        %(dialects)s::text[],
        %(counts)s::bigint[],
        %(firsts)s::double precision[],
        %(lasts)s::double precision[]
    ) AS u (
        workspace_id, key, kind, value, product, event_id, dialect, count, first_at,
        last_at
    )
    LEFT JOIN accounts_identity AS identity
        ON identity.workspace_id = u.workspace_id
        AND identity.kind = u.kind
        AND identity.value = u.value
    ORDER BY u.workspace_id, u.key
    ON CONFLICT (workspace_id, key) DO UPDATE SET
        identity_id = coalesce(excluded.identity_id, known.identity_id),
        count = CASE
            WHEN excluded.first_at > known.last_at + %(pause)s::interval
                THEN excluded.count
            ELSE known.count + excluded.count
        END,
        first_at = CASE
            WHEN excluded.first_at > known.last_at + %(pause)s::interval
                THEN excluded.first_at
            ELSE least(known.first_at, excluded.first_at)
        END,
        last_at = greatest(known.last_at, excluded.last_at)
    RETURNING
        workspace_id, key, identity_id, product, event_id, dialect, count, first_at,
        last_at
)
SELECT *
FROM written
WHERE count >= %(burst)s
ORDER BY workspace_id, key
