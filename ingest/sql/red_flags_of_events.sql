-- Question: which red flags do the events of a workspace that arrived in a period show:
-- how often, when, and which event showed it last?
-- %(bits)s are flags of events and %(kinds)s what each is as a red flag; those named in
-- %(by_license)s are told apart by licence; the times of %(clock)s are arrivals.
-- Index: ingest_event_arrival (BRIN) for the period, then a scan of what it leaves.
-- Cost: the events of the period once; only the flagged ones are sorted.
SELECT ranked.kind, identity_id, license_key, often, first_at, last_at, product, occurred_at,
    received_at, flags, properties
FROM (
    SELECT
        seen.*,
        product.key AS product,
        count(*) OVER one AS often,
        min(seen.at) OVER one AS first_at,
        max(seen.at) OVER one AS last_at,
        row_number() OVER (
            PARTITION BY seen.kind, seen.identity_id, seen.license_key
            ORDER BY seen.at DESC, seen.id DESC
        ) AS place
    FROM (
        SELECT DISTINCT ON (e.id, flag.kind)
            e.id, e.identity_id, e.product_id, e.occurred_at, e.received_at, e.flags,
            e.properties, flag.kind,
            CASE
                WHEN flag.kind = ANY (%(by_license)s)
                    THEN left(coalesce(e.properties ->> 'license_key', ''), 200)
                ELSE ''
            END AS license_key,
            CASE
                WHEN flag.kind = %(clock)s THEN e.received_at ELSE e.occurred_at
            END AS at
        FROM ingest_event AS e
        JOIN unnest(%(bits)s::int[], %(kinds)s::text[]) AS flag (bit, kind)
            ON e.flags & flag.bit <> 0
        WHERE
            e.workspace_id = %(workspace)s
            AND e.received_at >= %(since)s
            AND e.received_at < %(until)s
            AND e.flags <> 0
            AND NOT e.is_test
        ORDER BY e.id, flag.kind
    ) AS seen
    JOIN accounts_product AS product ON product.id = seen.product_id
    WINDOW one AS (PARTITION BY seen.kind, seen.identity_id, seen.license_key)
) AS ranked
JOIN accounts_identity AS identity ON identity.id = ranked.identity_id
WHERE place = 1
ORDER BY ranked.kind, identity_id, license_key
