-- Question: the latest licence records of each of these data groups in a period?
-- Index: ingest_event_licences. Cost: the period's records, sorted by group.
SELECT data_group, data_type, occurred_at, value, properties
FROM (
    SELECT
        asked.data_group, asked.data_type, e.occurred_at, e.value, e.properties, e.id,
        row_number() OVER (
            PARTITION BY asked.data_group, asked.data_type
            ORDER BY e.occurred_at DESC, e.id DESC
        ) AS place
    FROM unnest(%(groups)s::text[], %(types)s::text[]) AS asked (data_group, data_type)
    JOIN ingest_event AS e
        ON e.properties ->> 'data_group' = asked.data_group
        AND e.properties ->> 'data_type' = asked.data_type
    WHERE
        e.dialect = 'license'
        AND e.workspace_id = %(workspace)s
        AND e.occurred_at >= %(since)s
        AND e.occurred_at < %(until)s
        AND (%(product)s::bigint IS NULL OR e.product_id = %(product)s::bigint)
        AND (
            %(is_flagged)s::boolean IS NULL
            OR ((e.flags & %(red)s::int) <> 0) = %(is_flagged)s::boolean
        )
        AND (%(equal)s::jsonb = '{}' OR e.properties @> %(equal)s::jsonb)
) AS ranked
WHERE place <= %(most)s
ORDER BY data_group, data_type, occurred_at, id
