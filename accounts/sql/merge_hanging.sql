-- Question: none; hands what hangs on merged developers, in one table, to those who
-- stay. Where the one who stays has the same already, the other's row goes. The
-- corrections remember both, so that taking a merge back gives them back.
-- Index: the table's on its developer. Cost: one write per row.
WITH pair AS (
    SELECT p.keep, p.other, c.id AS correction_id
    FROM unnest(%(keeps)s::bigint[], %(others)s::bigint[]) AS p (keep, other)
    JOIN accounts_correction AS c
        ON
            c.id = ANY (%(corrections)s::bigint[])
            AND (c.before -> 'other' ->> 'id')::bigint = p.other
),
ranked AS (
    SELECT
        t.id,
        pair.keep,
        pair.correction_id,
        {condition} AND (
            EXISTS (
                SELECT 1 FROM {table} AS t2
                WHERE t2.developer_id = pair.keep AND {condition2} AND {same}
            )
            OR row_number() OVER (
                PARTITION BY pair.keep, ({condition}), {partition} ORDER BY t.id
            ) > 1
        ) AS is_twin
    FROM pair
    JOIN {table} AS t ON t.developer_id = pair.other
),
dropped AS (
    DELETE FROM {table} AS t
    USING ranked
    WHERE t.id = ranked.id AND ranked.is_twin
    RETURNING ranked.correction_id, to_jsonb(t) AS row
),
moved AS (
    UPDATE {table} AS t
    SET developer_id = ranked.keep
    FROM ranked
    WHERE t.id = ranked.id AND NOT ranked.is_twin
    RETURNING ranked.correction_id, t.id
),
remembered AS (
    SELECT
        correction_id,
        jsonb_build_object(
            'moved', coalesce(jsonb_agg(id) FILTER (WHERE id IS NOT NULL), '[]'),
            'dropped', coalesce(jsonb_agg(row) FILTER (WHERE row IS NOT NULL), '[]')
        ) AS rows
    FROM (
        SELECT correction_id, id, NULL::jsonb AS row FROM moved
        UNION ALL
        SELECT correction_id, NULL, row FROM dropped
    ) AS both_kinds
    GROUP BY correction_id
)
UPDATE accounts_correction AS c
SET before = jsonb_set(
    c.before,
    '{{hanging}}',
    coalesce(c.before -> 'hanging', '{{}}')
    || jsonb_build_object(%(name)s::text, remembered.rows)
)
FROM remembered
WHERE c.id = remembered.correction_id
